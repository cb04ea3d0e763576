import type { AcceptedFinding, Finding } from './finding.ts';

/** What the policy lets pass, for a reason and for a time. */
export interface PolicyException {
  /** Each key has to equal the one of the finding's subject. */
  readonly match: Readonly<Record<string, string>>;
  readonly reason: string;
  /** The last day on which it holds, `2026-12-31` in UTC. */
  readonly expires: string;
  /** How many findings it covers; one more is one too many. */
  readonly atMost: number;
}

export interface Excepted {
  readonly findings: readonly Finding[];
  readonly accepted: readonly AcceptedFinding[];
  readonly notes: readonly string[];
}

/**
 * Takes out of the findings what the exceptions cover. One that has expired covers nothing, and its findings say so;
 * one that covers nothing any more is noted, so that it can be removed. `now`: milliseconds since the epoch.
 */
export function applyExceptions(
  found: readonly Finding[],
  exceptions: readonly PolicyException[],
  now: number,
): Excepted {
  const today = new Date(now).toISOString().slice(0, 10);
  const used = new Map<PolicyException, number>();
  const findings: Finding[] = [];
  const accepted: AcceptedFinding[] = [];
  for (const finding of found) {
    const fitting = exceptions.filter(({ match }) => covers(match, finding.subject));
    const valid = fitting.filter(({ expires }) => expires >= today);
    const free = valid.find((exception) => (used.get(exception) ?? 0) < exception.atMost);
    for (const exception of free ? [free] : fitting) used.set(exception, (used.get(exception) ?? 0) + 1);
    if (free) accepted.push({ ...finding, accepted: { reason: free.reason, expires: free.expires } });
    else findings.push({ ...finding, message: `${finding.message}${whyNot(valid, fitting)}` });
  }
  const notes = exceptions
    .filter((exception) => !used.has(exception))
    .map(({ match }) => `the exception for ${describe(match)} covers nothing any more: remove it`);
  return { findings, accepted, notes };
}

const covers = (
  match: Readonly<Record<string, string>>,
  subject: Readonly<Record<string, string>>,
): boolean => Object.entries(match).every(([key, value]) => subject[key] === value);

function whyNot(valid: readonly PolicyException[], fitting: readonly PolicyException[]): string {
  const [full] = valid;
  if (full) return `; its exception covers ${full.atMost} only, and this is one more`;
  const [expired] = fitting;
  return expired ? `; its exception expired on ${expired.expires}: mend it, or decide anew` : '';
}

const describe = (match: Readonly<Record<string, string>>): string =>
  Object.entries(match)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
