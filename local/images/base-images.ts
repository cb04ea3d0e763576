import { emptyConfig, type BuildConfig } from './image-config.ts';
import { parseReference } from './image-reference.ts';

/** A file that a base image brings along. */
export interface BaseFile {
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

/** An image of a public registry, and what stands for it on this machine. */
export interface BaseImage {
  readonly config: BuildConfig;
  readonly folders: readonly string[];
  readonly files: readonly BaseFile[];
  /** For the log: what stands for it. */
  readonly standsFor: string;
}

const standardPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What Docker's official Node image does before it starts: flags and scripts are node's, commands are commands. */
const nodeEntrypoint = `#!/bin/sh
set -e
if [ "\${1#-}" != "$1" ] || [ -z "$(command -v "$1")" ] || { [ -f "$1" ] && ! [ -x "$1" ]; }; then
  set -- node "$@"
fi
exec "$@"
`;

interface Row {
  readonly shown: string;
  matches(name: string, tag: string): boolean;
  image(tag: string, nodeVersion: string): BaseImage;
}

const rows: readonly Row[] = [
  {
    shown: 'node:24 (any variant)',
    matches: (name, tag) =>
      /^((index\.)?docker\.io\/)?(library\/)?node$/.test(name) && /^24([.-]|$)/.test(tag),
    image: (_tag, nodeVersion) => ({
      config: {
        ...emptyConfig,
        env: { PATH: standardPath, NODE_VERSION: nodeVersion },
        entrypoint: ['docker-entrypoint.sh'],
        cmd: ['node'],
        tools: ['node24', 'shell'],
      },
      folders: ['root', 'home/node', 'usr/local/bin'],
      files: [{ path: 'usr/local/bin/docker-entrypoint.sh', mode: 0o755, content: nodeEntrypoint }],
      standsFor: `Node ${nodeVersion} and the shell of this machine`,
    }),
  },
  {
    shown: 'gcr.io/distroless/nodejs24-debian* (latest, nonroot)',
    matches: (name, tag) =>
      /^gcr\.io\/distroless\/nodejs24(-[a-z0-9]+)?$/.test(name) && ['latest', 'nonroot'].includes(tag),
    image: (tag, nodeVersion) => ({
      config: {
        ...emptyConfig,
        env: { PATH: standardPath },
        entrypoint: ['/nodejs/bin/node'],
        user: tag === 'nonroot' ? '65532' : '0',
        workingDir: tag === 'nonroot' ? '/home/nonroot' : '/',
        tools: ['node24'],
      },
      folders: ['root', 'home/nonroot'],
      files: [],
      standsFor: `Node ${nodeVersion} of this machine`,
    }),
  },
  {
    shown: 'scratch',
    matches: (name) => name === 'scratch',
    image: () => ({ config: emptyConfig, folders: [], files: [], standsFor: 'an empty folder' }),
  },
];

/** For errors: what FROM knows besides images that were built or pushed here. */
export const knownBaseImages = rows.map(({ shown }) => shown).join(', ');

/** What stands for a public image on this machine; undefined when nothing does. A digest is taken on trust. */
export function baseImage(reference: string, nodeVersion: string): BaseImage | undefined {
  const parsed = parseReference(reference);
  if (!parsed) return undefined;
  const tag = parsed.tag ?? (parsed.digest === undefined ? 'latest' : '');
  return rows.find((row) => row.matches(parsed.name, tag))?.image(tag, nodeVersion);
}
