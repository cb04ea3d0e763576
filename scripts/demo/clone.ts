import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { git, resolveCommit, type Commit } from '../cli/git.ts';
import { UserError } from '../cli/user-error.ts';
import type { DemoCommit, Edit } from './commits.ts';

/** A clone in a temporary folder: the checkout is not touched. */
export async function cloneAt(
  root: string,
  sha: string,
): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-demo-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await git(root, 'clone', '--quiet', '--no-checkout', root, folder);
    await git(folder, 'checkout', '--quiet', '--detach', sha);
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}

/** The text with the change in it; undefined when its place is not there, or there more than once. */
export function edited(source: string, { find, replace }: Edit): string | undefined {
  const at = source.indexOf(find);
  if (at === -1 || source.includes(find, at + 1)) return undefined;
  return source.slice(0, at) + replace + source.slice(at + find.length);
}

/** Commits the changes on top of `base`'s tree: each demo commit stands alone, and follows `parent`. */
export async function makeCommit(
  folder: string,
  base: string,
  parent: string,
  { subject, edits }: DemoCommit,
): Promise<Commit> {
  await git(folder, 'checkout', '--quiet', '--force', '--detach', parent);
  await git(folder, 'checkout', '--quiet', base, '--', '.');
  for (const edit of edits) {
    const full = path.join(folder, edit.file);
    const text = edited(await readFile(full, 'utf8'), edit);
    if (text === undefined)
      throw new UserError(
        `${edit.file} does not have ${JSON.stringify(edit.find.trim())} exactly once: the demo does not know where to put its change`,
      );
    await writeFile(full, text);
  }
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
