import type { Evidence } from '../../functions/release/evidence.ts';
import type { ReleasePolicy } from '../../functions/release/policy.ts';
import type { Candidate, Release, Verdict } from '../../functions/release/release.ts';
import { comparableHealth, probeUnder } from './comparable-health.ts';
import { looksOf, type Seen } from './looks.ts';
import { replay, replayRecorded, type Phase, type Replay } from './replay.ts';

/** What the record says of one percent, or (`percent` undefined) of the time before any traffic. */
export interface Recorded {
  readonly percent: number | undefined;
  readonly verdict: Verdict | undefined;
  /** When it began, and from there to the verdict. */
  readonly fromMs: number;
  readonly tookMs: number | undefined;
}

export interface Comparison {
  readonly happened: readonly Recorded[];
  /** Under the policy that it had: the same as happened, or the evidence does not hold what decided. */
  readonly had: readonly Phase[];
  readonly tried: Replay;
  /** What cannot be known, in sentences. */
  readonly unknown: readonly string[];
}

export type Judged = Release & { readonly candidate: Candidate };

/** Holds the evidence of a release against the policy that it had and against another one. */
export function compare(release: Judged, evidence: Evidence, policy: ReleasePolicy): Comparison {
  const had = release.candidate.policy;
  const seen = looksOf(evidence, had.health, release);
  const { health, unknown } = comparableHealth(policy.health, had.health);
  const probes = seen.probes.map((probe) => probeUnder(health, probe));
  const tried = replay({ ...policy, health }, release, { ...seen, probes });
  const happened = recordedOf(release, seen);
  const own = replayRecorded(had, release, seen);
  return {
    happened,
    had: own,
    tried,
    unknown: [
      ...unknown,
      ...gaps(release, seen),
      ...unexplained(happened, own),
      ...otherShares(release, seen, tried),
    ],
  };
}

function recordedOf({ verdict, steps }: Release, { looks }: Seen): Recorded[] {
  const of = (percent: number | undefined, from: string, said: Verdict | undefined): Recorded => ({
    percent,
    verdict: said,
    fromMs: Date.parse(from),
    tookMs: said && Date.parse(said.at) - Date.parse(from),
  });
  const [first] = looks;
  const began = first && new Date(first.beganMs).toISOString();
  return [
    of(undefined, began !== undefined && began < (verdict?.at ?? '') ? began : (verdict?.at ?? ''), verdict),
    ...steps.map(({ percent, servingAt, askedAt, verdict: said }) => of(percent, servingAt ?? askedAt, said)),
  ];
}

/** What of the release is not in the evidence. */
function gaps({ verdict }: Release, { looks }: Seen): string[] {
  const [first] = looks;
  if (!first) return ['no probe of this release is kept'];
  return verdict && first.beganMs > Date.parse(verdict.at)
    ? ['the probes before its first traffic are no longer kept: a thousand are']
    : [];
}

export const placeOf = (percent: number | undefined): string =>
  percent === undefined ? 'before traffic' : `at ${percent} %`;

/** Where the evidence, under the policy that it had, does not lead to the verdict that was given. */
function unexplained(happened: readonly Recorded[], own: readonly Phase[]): string[] {
  return happened.flatMap(({ percent, verdict }) => {
    const replayed = own.find((phase) => phase.percent === percent);
    if (!verdict || !replayed || replayed.verdict === verdict.verdict) return [];
    const words = replayed.verdict ?? 'no verdict';
    return [
      `${placeOf(percent)} the evidence alone gives ${words} under the policy that it had, where ${verdict.verdict} was said: something else decided (${verdict.reasons.join('; ')}), and may have under any policy`,
    ];
  });
}

/** Steps that are judged by what was seen while the candidate had another share of the traffic. */
function otherShares(release: Release, { looks }: Seen, { phases }: Replay): string[] {
  const served = release.steps.flatMap(({ percent, servingAt }) =>
    servingAt === undefined ? [] : [{ percent, fromMs: Date.parse(servingAt) }],
  );
  const shareAt = (ms: number): number => served.findLast(({ fromMs }) => fromMs <= ms)?.percent ?? 0;
  return phases.flatMap(({ percent = 0, fromMs, untilMs }) => {
    const own = looks.filter(({ beganMs, atMs }) => beganMs >= fromMs && atMs <= untilMs);
    const others = [...new Set(own.map(({ beganMs }) => shareAt(beganMs)))].filter(
      (share) => share !== percent,
    );
    if (others.length === 0) return [];
    if (percent === 0)
      return [
        'before traffic it would have been watched longer: for the rest of that time it had some already',
      ];
    const alone =
      percent < 100 && others.includes(100) ? ', and no stable revision beside it to be compared with' : '';
    const had = others.map((share) => `${share} %`).join(' and ');
    return [
      `${placeOf(percent)} it is judged by what was seen when it had ${had}${alone}: other shares bring other answers`,
    ];
  });
}
