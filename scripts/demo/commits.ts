import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { git, resolveCommit, type Commit } from '../cli/git.ts';
import { UserError } from '../cli/user-error.ts';

/** A change to the api, and what is to be seen of it. */
export interface DemoCommit {
  readonly subject: string;
  readonly file: string;
  /** Put behind this line of the file. */
  readonly anchor: string;
  readonly line: string;
}

// K_CONFIGURATION is set on Cloud Run alone: the tests in the build pass, the candidate does not.
const onCloudRun = "process.env['K_CONFIGURATION'] !== undefined";

export const demoCommits: readonly DemoCommit[] = [
  {
    subject: 'Break the api at its start',
    file: 'services/api/server.ts',
    anchor: 'async function main(): Promise<void> {',
    line: `  if (${onCloudRun}) throw new TypeError('this commit does not start');`,
  },
  {
    subject: 'Answer the health check with 500',
    file: 'services/api/src/routes.ts',
    anchor: 'async function health(pool: Pool, about: object): Promise<Answer> {',
    line: `  if (${onCloudRun}) return { status: 500, body: { status: 'broken' } };`,
  },
  {
    subject: 'Mend the api',
    file: 'services/api/src/routes.ts',
    anchor: 'async function health(pool: Pool, about: object): Promise<Answer> {',
    line: '  // Mended.',
  },
];

/** A clone in a temporary folder: the checkout is not touched. */
export async function cloneAt(
  root: string,
  sha: string,
): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-demo-'));
  await git(root, 'clone', '--quiet', '--no-checkout', root, folder);
  await git(folder, 'checkout', '--quiet', '--detach', sha);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Commits the change on top of `base`'s tree: each demo commit stands alone, but follows the one before. */
export async function makeCommit(
  folder: string,
  base: string,
  { subject, file, anchor, line }: DemoCommit,
): Promise<Commit> {
  await git(folder, 'checkout', '--quiet', base, '--', '.');
  const full = path.join(folder, file);
  const source = await readFile(full, 'utf8');
  if (!source.includes(`${anchor}\n`))
    throw new UserError(`${file} has no line "${anchor}": the demo does not know where to put its change`);
  await writeFile(full, source.replace(`${anchor}\n`, `${anchor}\n${line}\n`));
  await git(
    folder,
    '-c',
    'user.name=Slipway demo',
    '-c',
    'user.email=demo@slipway.invalid',
    '-c',
    'commit.gpgsign=false',
    'commit',
    '--quiet',
    '--no-verify',
    '--all',
    '-m',
    subject,
  );
  return resolveCommit(folder, 'HEAD');
}
