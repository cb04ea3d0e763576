import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CloudContext } from '../core/context.ts';
import type { Image, ImageStore } from '../core/links.ts';
import type { Room } from '../core/room.ts';
import { artifactRegistryRoutes, type Repository } from './artifact-registry.ts';
import { toImageConfig } from './image-config.ts';
import { openImageDisk } from './image-disk.ts';
import { parseReference } from './image-reference.ts';
import { prune } from './prune.ts';
import { createPushedImages, type PushedImage } from './pushed-images.ts';
import { registryRoutes } from './registry-routes.ts';

const pruneEveryMs = 3_600_000;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Writes the `docker` that builds put in front of PATH, and returns its folder. */
function writeShim(context: CloudContext, stateFolder: string): string {
  const folder = context.folder('images', 'bin');
  const file = path.join(folder, 'docker');
  const entry = fileURLToPath(new URL('./docker.ts', import.meta.url));
  writeFileSync(
    `${file}.tmp`,
    [
      '#!/bin/sh',
      `export DOCKER_LOCAL_STATE=${quoted(stateFolder)}`,
      `export CLOUD_API_ENDPOINT="\${CLOUD_API_ENDPOINT:-${context.origin}}"`,
      `exec ${quoted(path.join(context.tools.node, 'node'))} ${quoted(entry)} "$@"`,
      '',
    ].join('\n'),
  );
  chmodSync(`${file}.tmp`, 0o755);
  renameSync(`${file}.tmp`, file);
  return folder;
}

export interface ImagesRoom {
  readonly room: Room;
  readonly images: ImageStore;
  /** Holds an executable `docker`: put it in front of the PATH of build steps. */
  readonly shimFolder: string;
}

/** Artifact Registry, and the place of every image that is built on this machine. */
export function createImagesRoom(context: CloudContext): ImagesRoom {
  const disk = openImageDisk(context.folder('images', 'store'));
  const repositories = context.table<Repository>('images', 'repositories');
  const pushed = createPushedImages(context.table<PushedImage>('images', 'pushed'), context.clock);

  const images: ImageStore = {
    resolve(reference): Image | undefined {
      const parsed = parseReference(reference);
      if (!parsed) return undefined;
      const found = pushed.find(parsed.name, parsed.digest ?? parsed.tag ?? 'latest');
      const image = found && disk.image(found.digest);
      if (!image) return undefined;
      return {
        reference: `${parsed.name}@${image.digest}`,
        digest: image.digest,
        rootFolder: image.rootFolder,
        config: toImageConfig(image.config, context.tools.node),
      };
    },
    list: () =>
      pushed
        .list()
        .map(({ name, digest, tags }) => ({ reference: `${name}@${digest}`, tags: [...tags], digest })),
  };

  let pruning: Promise<void> = Promise.resolve();
  let cancelNext = (): void => undefined;
  const pruneNow = (): void => {
    cancelNext = context.clock.after(pruneEveryMs, pruneNow);
    // The ages of files are those of the file system's clock, so they are compared with that one.
    pruning = prune(disk, new Set(pushed.list().map(({ digest }) => digest)), Date.now()).catch(
      (error: unknown) => {
        context.log('warning', `build caches could not be pruned: ${String(error)}`);
      },
    );
  };

  return {
    images,
    shimFolder: writeShim(context, disk.folder),
    room: {
      name: 'images',
      routes: [
        ...registryRoutes({
          disk,
          pushed,
          defaultLocation: context.region,
          repositoryExists: (projectId, location, repository) =>
            repositories.get(`projects/${projectId}/locations/${location}/repositories/${repository}`) !==
            undefined,
        }),
        ...artifactRegistryRoutes(context, repositories, pushed, disk),
      ],
      start: pruneNow,
      async stop() {
        cancelNext();
        await pruning;
      },
    },
  };
}
