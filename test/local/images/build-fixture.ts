import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildEnvironment } from '../../../local/images/build-environment.ts';
import { parseDockerArguments } from '../../../local/images/docker-arguments.ts';
import { dockerBuild } from '../../../local/images/docker-build.ts';
import { openImageDisk, type ImageDisk, type StoredImage } from '../../../local/images/image-disk.ts';

/** A build context and a store in temporary folders, and builds in this process. */
export interface BuildFixture {
  readonly folder: string;
  readonly disk: ImageDisk;
  /** Writes files into the context. */
  files(files: Readonly<Record<string, string>>): void;
  /** `docker build <args> .` in the context. */
  build(...args: string[]): Promise<{ image: StoredImage; log: string[] }>;
  remove(): void;
}

export function buildFixture(): BuildFixture {
  const parent = mkdtempSync(path.join(tmpdir(), 'slipway-images-'));
  const folder = path.join(parent, 'context');
  mkdirSync(folder);
  const disk = openImageDisk(path.join(parent, 'store'));
  const nodeFolder = path.dirname(process.execPath);
  return {
    folder,
    disk,
    files(files) {
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
        writeFileSync(path.join(folder, name), content);
      }
    },
    async build(...args) {
      const command = parseDockerArguments(['build', ...args, '.']);
      if (command.command !== 'build') throw new Error('not a build');
      const log: string[] = [];
      const { image } = await dockerBuild(command, {
        disk,
        cwd: folder,
        nodeFolder,
        nodeVersion: process.versions.node,
        machineEnv: buildEnvironment('http://127.0.0.1:1', nodeFolder, process.env),
        signal: new AbortController().signal,
        findImage: async (reference) => {
          const found = disk.names().find((name) => name.reference === reference);
          return found && disk.image(found.digest);
        },
        write: (line) => log.push(line),
      });
      return { image, log };
    },
    remove() {
      rmSync(parent, { recursive: true, force: true });
    },
  };
}
