import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { GitHost, ObjectStore } from '../core/links.ts';
import type { Processes } from '../core/processes.ts';
import type { BuildFolders } from './build-folders.ts';
import { BuildFailure } from './build-failure.ts';
import type { GitSource, Source, SourceProvenance, StorageSource } from './build-types.ts';
import type { Git } from './git.ts';

export interface SourceLinks {
  readonly git: Git;
  readonly host: GitHost;
  readonly storage: ObjectStore;
  readonly processes: Processes;
  /** The environment of `tar`. */
  readonly env: Readonly<Record<string, string>>;
}

const failed = (message: string, cause?: unknown): BuildFailure =>
  new BuildFailure(message, 'FETCH_SOURCE_FAILED', cause);

/** `https://github.com/owner/name.git` → owner and name, whatever the host: there is one GitHub here. */
export function repositoryOf(url: string): { owner: string; repository: string } | undefined {
  const found = /^(?:https?:\/\/[^/]+\/|git@[^:]+:)([^/]+)\/([^/]+?)(?:\.git)?\/?$/.exec(url);
  return found ? { owner: found[1] ?? '', repository: found[2] ?? '' } : undefined;
}

/** Fetches one commit, without its history, as Cloud Build does. */
async function fetchGit(
  { url = '', revision = 'HEAD' }: GitSource,
  folders: BuildFolders,
  { git, host }: SourceLinks,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<SourceProvenance> {
  const place = repositoryOf(url);
  const gitDir = place && host.gitDir(place.owner, place.repository);
  if (gitDir === undefined)
    throw failed(`the repository ${url} is not on the local GitHub: create it and push to it first`);
  const commit = await git.commitOf(gitDir, revision);
  if (commit === undefined) throw failed(`${url} has no revision "${revision}"`);
  // By SHA, also one that no ref points at any more: a retry builds what was pushed, whatever was pushed since.
  const uploadPack = 'git -c safe.directory=* -c uploadpack.allowAnySHA1InWant=true upload-pack';
  const steps = [
    ['init', '--quiet', '--initial-branch=main', folders.workspace],
    ['-C', folders.workspace, 'remote', 'add', 'origin', url],
    ['-C', folders.workspace, 'fetch', '--quiet', '--depth=1', `--upload-pack=${uploadPack}`, gitDir, commit],
    ['-C', folders.workspace, 'checkout', '--quiet', '--detach', 'FETCH_HEAD'],
  ];
  log(`Initialized empty Git repository in /workspace/.git/\nFrom ${url}`);
  for (const step of steps) {
    const { code, stderr } = await git.run(step, { signal });
    if (signal.aborted) return {};
    if (code !== 0) throw failed(`git could not fetch ${commit} of ${url}: ${stderr}`);
  }
  const { stdout } = await git.run(['-C', folders.workspace, 'log', '-1', '--format=%h %s']);
  log(`HEAD is now at ${stdout.toString('utf8').trim()}`);
  return { resolvedGitSource: { url, revision: commit } };
}

async function fetchArchive(
  { bucket = '', object = '', generation }: StorageSource,
  folders: BuildFolders,
  { storage, processes, env }: SourceLinks,
  log: (line: string) => void,
): Promise<SourceProvenance> {
  const name = `gs://${bucket}/${object}${generation === undefined ? '' : `#${generation}`}`;
  log(`Fetching storage object: ${name}`);
  let archive: Buffer;
  try {
    archive = storage.get(bucket, object, generation);
  } catch (cause) {
    throw failed(`the source ${name} cannot be read: ${(cause as Error).message}`, cause);
  }
  // The first two bytes of every gzip file. https://www.rfc-editor.org/rfc/rfc1952
  if (archive[0] !== 0x1f || archive[1] !== 0x8b)
    throw failed(`the source ${name} is no .tar.gz: the local cloud reads no other archives`);
  const file = path.join(folders.root, 'source.tar.gz');
  writeFileSync(file, archive);
  const tar = processes.spawn({
    command: 'tar',
    args: ['-xzf', file, '-C', folders.workspace, '--no-same-owner'],
    cwd: folders.root,
    env,
  });
  let errors = '';
  tar.stdout.resume();
  tar.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const { code } = await tar.exited;
  rmSync(file, { force: true });
  if (code !== 0) throw failed(`the source ${name} cannot be unpacked: ${errors.trim()}`);
  return { resolvedStorageSource: { bucket, object, ...(generation === undefined ? {} : { generation }) } };
}

/** Puts the source into the workspace; what it was exactly comes back. Throws BuildFailure. */
export async function fetchSource(
  source: Source,
  folders: BuildFolders,
  links: SourceLinks,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<SourceProvenance> {
  mkdirSync(folders.workspace, { recursive: true });
  if (source.gitSource) return fetchGit(source.gitSource, folders, links, log, signal);
  if (source.storageSource) return fetchArchive(source.storageSource, folders, links, log);
  return {};
}
