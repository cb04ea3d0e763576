import { durationInWords } from '../../functions/release/duration.ts';
import type { Decision, Release, Verdict } from '../../functions/release/release.ts';
import { printable } from '../cli/style.ts';

export const age = (since: string, now: Date): string => durationInWords(now.getTime() - Date.parse(since));

export const shortCommit = (commit: string): string => commit.slice(0, 7);

export const verdictInWords = ({ verdict, reasons }: Verdict): string =>
  printable(`${verdict}: ${reasons.join('; ')}`);

/** `by ana@example.com 4 min ago: orders fail` */
export const decisionInWords = ({ by, at, why }: Decision, now: Date): string =>
  printable(`by ${by} ${age(at, now)} ago: ${why}`);

/** Which release it is, what it has and what was found out about it: one line. */
export function releaseInWords(release: Release, now: Date): string {
  const { id, commit, branch, stage, candidate, verdict, steps } = release;
  const step = steps.at(-1);
  const share = step
    ? `${step.percent} % ${step.servingAt === undefined ? 'asked for' : `for ${age(step.servingAt, now)}`}`
    : 'no traffic';
  const said = step?.verdict ?? (step ? undefined : verdict);
  return printable(
    `${candidate?.revision ?? id}, commit ${shortCommit(commit)} on ${branch}, is ${stage} with ${share}; ${
      said ? verdictInWords(said) : 'no verdict yet'
    }`,
  );
}
