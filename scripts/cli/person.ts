import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { git } from './git.ts';
import { UserError } from './user-error.ts';

/** Who is at the keyboard, for the record: git's name for them, else the account's. */
export async function whoAmI(folder = '.'): Promise<string> {
  const email = await git(folder, 'config', 'user.email').catch(() => '');
  return email.trim() || userInfo().username;
}

/** The reason that was given, or asked for where somebody can answer. */
export async function reason(given: string | undefined, question: string): Promise<string> {
  if (given !== undefined && given.trim() !== '') return given.trim();
  if (!process.stdin.isTTY)
    throw new UserError('--why TEXT is missing: the record keeps who did it and why', { exitCode: 2 });
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = (await lines.question(`${question} `)).trim();
    if (answer === '') throw new UserError('no reason was given; nothing was done', { exitCode: 2 });
    return answer;
  } finally {
    lines.close();
  }
}

/** Asks whether to go ahead in spite of `danger`; throws unless the answer is yes. `yes`: it was given beforehand. */
export async function confirm(danger: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new UserError(
      `this has to be confirmed, and there is no terminal to ask at: ${danger}. Nothing was done; add --yes to go ahead`,
      { exitCode: 2 },
    );
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = (await lines.question(`Careful: ${danger}. Go ahead? [y/N] `)).trim().toLowerCase();
    if (answer !== 'y' && answer !== 'yes') throw new UserError('not confirmed; nothing was done');
  } finally {
    lines.close();
  }
}
