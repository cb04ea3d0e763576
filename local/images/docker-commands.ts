import path from 'node:path';
import { baseImage } from './base-images.ts';
import type { DockerCommand } from './docker-arguments.ts';
import { dockerBuild, type BuildSurroundings } from './docker-build.ts';
import { dockerFormat } from './docker-format.ts';
import type { LocalName, StoredImage } from './image-disk.ts';
import { parseReference, repositoryImage, withTag } from './image-reference.ts';
import { RegistryError, type RegistryClient } from './registry-client.ts';
import { saveImage } from './save-image.ts';

export interface DockerSurroundings extends Omit<BuildSurroundings, 'findImage'> {
  readonly registry: RegistryClient;
  /** Standard output, a line each; `write` is the log of a build. */
  readonly print: (line: string) => void;
}

const version = 'Docker version 0.1.0 (the local cloud: no container engine)';

function createLookup({ disk, registry }: Pick<DockerSurroundings, 'disk' | 'registry'>) {
  /** By name, by `name@digest`, or by id (also its beginning). */
  const local = (reference: string): StoredImage | undefined => {
    const parsed = parseReference(reference);
    const name =
      parsed && (parsed.digest === undefined ? withTag(parsed) : `${parsed.name}@${parsed.digest}`);
    const found = disk.names().find((each) => each.reference === name);
    if (found) return disk.image(found.digest);
    const id = /^(?:sha256:)?([0-9a-f]{12,64})$/.exec(reference)?.[1];
    return id === undefined ? undefined : disk.images().find((image) => image.id.startsWith(`sha256:${id}`));
  };
  const remote = async (reference: string): Promise<StoredImage | undefined> => {
    const parsed = parseReference(reference);
    if (!parsed || !repositoryImage(parsed.name)) return undefined;
    const digest = await registry.digestOf(parsed.name, parsed.digest ?? parsed.tag ?? 'latest');
    return digest === undefined ? undefined : disk.image(digest);
  };
  return { local, remote };
}

async function push(
  { name, tag, image }: { name: string; tag: string; image: StoredImage },
  { disk, registry }: DockerSurroundings,
): Promise<string> {
  try {
    await registry.putManifest(name, tag, image.manifest);
  } catch (cause) {
    const place = repositoryImage(name);
    if (!(cause instanceof RegistryError) || cause.code !== 'NAME_UNKNOWN' || !place) throw cause;
    throw new Error(
      `name unknown: ${cause.message}. Create it: gcloud artifacts repositories create ${place.repository} ` +
        `--repository-format=docker --location=${place.location} --project=${place.projectId}`,
      { cause },
    );
  }
  disk.setName(`${name}@${image.digest}`, image.digest);
  return `${tag}: digest: ${image.digest} size: ${Buffer.byteLength(image.manifest)}`;
}

const required = (image: StoredImage | undefined, message: string): StoredImage => {
  if (!image) throw new Error(message);
  return image;
};

const namesOf = (image: StoredImage, names: readonly LocalName[]): string[] =>
  names.filter(({ digest }) => digest === image.digest).map(({ reference }) => reference);

function describe(image: StoredImage, names: readonly LocalName[]): Record<string, unknown> {
  const own = namesOf(image, names);
  return {
    Id: image.id,
    RepoTags: own.filter((name) => !name.includes('@')),
    RepoDigests: own.filter((name) => name.includes('@')),
    Created: new Date(image.createdMs).toISOString(),
    Architecture: image.oci.architecture,
    Os: image.oci.os,
    Size: image.sizeBytes,
    Config: image.oci.config,
    RootFS: { Type: 'layers', Layers: image.oci.rootfs.diff_ids },
    // Their files are neither in the image nor in its size.
    'dev.slipway.tools': image.oci['dev.slipway.tools'],
  };
}

function imagesTable(
  names: readonly LocalName[],
  find: (digest: string) => StoredImage | undefined,
): string[] {
  const rows = names.flatMap(({ reference, digest, createdMs }) => {
    const image = find(digest);
    const at = reference.lastIndexOf(':');
    if (!image || reference.includes('@')) return [];
    const created = new Date(createdMs).toISOString().slice(0, 19);
    return [
      [
        reference.slice(0, at),
        reference.slice(at + 1),
        image.id.slice(7, 19),
        created,
        String(image.sizeBytes),
      ],
    ];
  });
  const all = [['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE'], ...rows];
  const widths = all.reduce<number[]>(
    (wide, row) => row.map((cell, at) => Math.max(cell.length, wide[at] ?? 0)),
    [],
  );
  return all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}

/** Does what one command line of `docker` asks for. Throws UsageError, DockerfileError or an Error that says the next step. */
export async function dockerCommand(command: DockerCommand, surroundings: DockerSurroundings): Promise<void> {
  const { disk, print } = surroundings;
  const { local, remote } = createLookup(surroundings);
  const pushOne = async (reference: string): Promise<string> => {
    const parsed = parseReference(reference);
    if (!parsed || parsed.digest !== undefined)
      throw new Error(`"${reference}" cannot be pushed: give <name>[:<tag>]`);
    const image = required(
      local(reference),
      `An image does not exist locally with the tag: ${reference}. Build it, or tag it`,
    );
    return push({ name: parsed.name, tag: parsed.tag ?? 'latest', image }, surroundings);
  };
  switch (command.command) {
    case 'build': {
      const { quiet } = command;
      const { image, names } = await dockerBuild(command, {
        ...surroundings,
        findImage: async (reference) => local(reference) ?? (await remote(reference)),
        write: quiet
          ? () => undefined
          : (line) => {
              surroundings.write(line);
            },
      });
      if (quiet) print(image.id);
      if (!command.push) return;
      for (const name of names) {
        const line = await pushOne(name);
        if (!quiet) print(`${name.slice(0, name.lastIndexOf(':'))}: ${line}`);
      }
      return;
    }
    case 'push': {
      const { reference, allTags, quiet } = command;
      const name = parseReference(reference)?.name ?? reference;
      const own = disk.names().filter((each) => each.reference.startsWith(`${name}:`));
      const references = allTags ? own.map((each) => each.reference) : [reference];
      if (references.length === 0)
        throw new Error(`An image does not exist locally with the name: ${name}. Build it, or tag it`);
      if (!quiet) print(`The push refers to repository [${name}]`);
      for (const each of references) {
        const line = await pushOne(each);
        print(quiet ? each : line);
      }
      return;
    }
    case 'pull': {
      const { reference } = command;
      const image = await remote(reference);
      const parsed = parseReference(reference);
      if (image && parsed) {
        if (parsed.digest === undefined) disk.setName(withTag(parsed), image.digest);
        disk.setName(`${parsed.name}@${image.digest}`, image.digest);
        print(`Digest: ${image.digest}`);
        print('Status: Image is on this machine');
        return;
      }
      const base = baseImage(reference, surroundings.nodeVersion);
      if (!base)
        throw new Error(`manifest for ${reference} not found: it was not pushed to the local registry`);
      print(`${reference}: nothing to fetch, ${base.standsFor} stands for it`);
      return;
    }
    case 'tag': {
      const target = parseReference(command.target);
      if (!target || target.digest !== undefined)
        throw new Error(`"${command.target}" is no name for an image: <name>[:<tag>]`);
      const image = required(local(command.source), `No such image: ${command.source}`);
      disk.setName(withTag(target), image.digest);
      return;
    }
    case 'inspect': {
      const found = command.references.map((each) =>
        describe(required(local(each), `No such image: ${each}`), disk.names()),
      );
      const { format } = command;
      if (format === undefined) print(JSON.stringify(found, null, 4));
      else for (const each of found) print(dockerFormat(format, each));
      return;
    }
    case 'images': {
      const names = disk.names();
      const lines = command.quiet
        ? [...new Set(names.flatMap(({ digest }) => disk.image(digest)?.id.slice(7, 19) ?? []))]
        : imagesTable(names, (digest) => disk.image(digest));
      for (const line of lines) print(line);
      return;
    }
    case 'save': {
      const image = required(local(command.reference), `No such image: ${command.reference}`);
      const tags = namesOf(image, disk.names()).filter((name) => !name.includes('@'));
      await saveImage(disk, image, tags, path.resolve(surroundings.cwd, command.output));
      return;
    }
    case 'login':
      print('The local registry asks for no credentials: nothing was checked and nothing was stored.');
      return;
    case 'version':
    case 'version-line':
      print(version);
      return;
    case 'info':
      print(version);
      print(`Images: ${disk.images().length}`);
      print(`Docker Root Dir: ${disk.folder}`);
      print('Stages are plain folders; RUN and containers are plain processes without isolation.');
      return;
    default:
      command satisfies never;
  }
}
