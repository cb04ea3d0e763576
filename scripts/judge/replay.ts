import type { ReleasePolicy } from '../../functions/release/policy.ts';
import type { Release, Verdict } from '../../functions/release/release.ts';
import type { Seen } from './looks.ts';
import { judgedAtStep, judgedBeforeTraffic, type Said } from './replay-step.ts';

/** What a release would have gone through at one percent, or (`percent` undefined) before any traffic. */
export interface Phase {
  readonly percent: number | undefined;
  readonly fromMs: number;
  /** When it would have been over, or the evidence is. */
  readonly untilMs: number;
  /** Undefined: the evidence ends before. */
  readonly verdict: Verdict['verdict'] | undefined;
  readonly reasons: readonly string[];
}

export type End =
  | { readonly kind: 'live' | 'failed' | 'taken-back' }
  | { readonly kind: 'waits'; readonly for: string }
  /** What was seen does not reach so far. */
  | { readonly kind: 'unknown'; readonly why: string };

export interface Replay {
  readonly phases: readonly Phase[];
  readonly end: End;
}

const servedFrom = ({ steps }: Release): number | undefined => {
  const [first] = steps;
  return first?.servingAt === undefined ? undefined : Date.parse(first.servingAt);
};

/** Until when a look can belong to the time before any traffic. */
const verifiedUntil = (release: Release): number =>
  release.verdict ? Date.parse(release.verdict.at) : (servedFrom(release) ?? Infinity);

/** Whether there was a stable revision beside it: without one its first traffic is all of it. */
const hadStable = ({ steps, candidate, promoted }: Release): boolean =>
  steps.some(({ percent }) => percent < 100) ||
  promoted !== undefined ||
  (candidate?.policy.rollout.steps.length ?? 0) === 0;

/** What a policy would have said at each percent the release really had, while it had it. */
export function replayRecorded(policy: ReleasePolicy, release: Release, seen: Seen): readonly Phase[] {
  const first = judgedBeforeTraffic(policy, policy, seen, verifiedUntil(release));
  const lastMs = seen.looks.at(-1)?.atMs ?? 0;
  const metricsFromMs = servedFrom(release) ?? Infinity;
  return [
    ...(first ? [phaseOf(undefined, first.fromMs, first.said, lastMs)] : []),
    ...release.steps.flatMap(({ percent, servingAt }, index) => {
      if (servingAt === undefined) return [];
      const fromMs = Date.parse(servingAt);
      const next = release.steps[index + 1];
      const untilMs = next ? Date.parse(next.askedAt) : Infinity;
      let last: Said | undefined;
      for (const said of judgedAtStep(policy, { percent, fromMs, metricsFromMs }, seen)) {
        if (said.atMs > untilMs) break;
        last = said;
      }
      return [phaseOf(percent, fromMs, last, Math.min(untilMs, lastMs))];
    }),
  ];
}

/**
 * Takes the release through all the steps of a policy, by what was seen of it: each step begins when the one before has
 * come to its end. Approvals and promotions hold as they were given.
 */
export function replay(policy: ReleasePolicy, release: Release, seen: Seen): Replay {
  const { candidate } = release;
  const before = candidate && judgedBeforeTraffic(policy, candidate.policy, seen, verifiedUntil(release));
  const endMs = seen.looks.at(-1)?.atMs ?? 0;
  if (!before) return { phases: [], end: unknown('no probe before its first traffic is kept') };
  const phases: Phase[] = [phaseOf(undefined, before.fromMs, before.said, endMs)];
  const { said } = before;
  if (!said) return { phases, end: unknown('the evidence ends before there is a verdict on it') };
  if (said.verdict === 'unhealthy') return { phases, end: { kind: 'failed' } };

  const steps = hadStable(release) ? policy.rollout.steps.map(({ percent }) => percent) : [];
  const percents = [...steps, 100];
  const servedMs = servedFrom(release);
  let atMs = approvedAt(policy, release, percents[0] ?? 100, said.verdict !== 'healthy', said.atMs);
  if (atMs === undefined) return { phases, end: waits(`approval of ${percents[0] ?? 100} %`) };
  if (servedMs === undefined) return { phases, end: unknown('it was never given traffic') };
  const metricsFromMs = (atMs = Math.max(atMs, servedMs));

  for (const [index, percent] of percents.entries()) {
    const promotedMs = release.promoted && Date.parse(release.promoted.at);
    if (percent < 100 && promotedMs !== undefined && promotedMs <= atMs) continue;
    const next = percents[index + 1];
    const wanted = { percent, fromMs: atMs, metricsFromMs };
    const left = leave(policy, release, judgedAtStep(policy, wanted, seen), next, promotedMs);
    phases.push(phaseOf(percent, atMs, left.said, Math.min(left.atMs ?? endMs, endMs)));
    if (left.said?.verdict === 'unhealthy' || left.rollBack) return { phases, end: { kind: 'taken-back' } };
    if (left.atMs === undefined || left.atMs > endMs)
      return { phases, end: stuck(policy, left.said, percent, next) };
    atMs = beginning(release, seen, left.atMs);
  }
  return { phases, end: { kind: 'live' } };
}

/**
 * When a step begins that may begin from `readyMs` on. Traffic takes a moment to move: where the record has a move that was
 * decided at the same look, or that came before the next one, it is when that had come about.
 */
function beginning({ verdict, steps }: Release, { looks }: Seen, readyMs: number): number {
  const next = looks.find(({ beganMs }) => beganMs >= readyMs)?.beganMs ?? readyMs;
  const moves = steps.map(({ servingAt = '' }, index) => {
    const decidedMs = Date.parse((index === 0 ? verdict : steps[index - 1]?.verdict)?.at ?? '');
    return {
      decidedAtMs: looks.findLast(({ atMs }) => atMs <= decidedMs)?.atMs,
      servedMs: Date.parse(servingAt),
    };
  });
  const move = moves.find(
    ({ decidedAtMs, servedMs }) => servedMs >= readyMs && (decidedAtMs === readyMs || servedMs <= next),
  );
  return move?.servedMs ?? readyMs;
}

interface Left {
  /** The last word on the step. */
  readonly said: Said | undefined;
  /** When the next one begins; undefined when it does not, as far as is known. */
  readonly atMs: number | undefined;
  readonly rollBack: boolean;
}

/** How a step comes to its end. While a good candidate waits for a person, it can still turn out bad. */
function leave(
  policy: ReleasePolicy,
  release: Release,
  sayings: Iterable<Said>,
  next: number | undefined,
  promotedMs: number | undefined,
): Left {
  let atMs = next === undefined ? undefined : promotedMs;
  let last: Said | undefined;
  for (const said of sayings) {
    if (atMs !== undefined && said.atMs > atMs) break;
    last = said;
    const { verdict } = said;
    const rollBack = verdict === 'inconclusive' && policy.rollout.onInconclusive === 'roll-back';
    if (verdict === 'unhealthy' || rollBack) return { said, atMs: said.atMs, rollBack };
    const onMs = goesOnAt(policy, release, said, next);
    if (onMs !== undefined) atMs = Math.min(onMs, atMs ?? Infinity);
  }
  return { said: last, atMs, rollBack: false };
}

function goesOnAt(
  policy: ReleasePolicy,
  release: Release,
  { verdict, atMs }: Said,
  next: number | undefined,
): number | undefined {
  const { onInconclusive } = policy.rollout;
  // With all traffic there is nothing left to be compared with: that the time is up is the end of it.
  if (next === undefined) return atMs;
  if (verdict === 'inconclusive' && onInconclusive === 'wait') return undefined;
  return approvedAt(policy, release, next, verdict === 'inconclusive' && onInconclusive === 'ask', atMs);
}

/** When the candidate may have so much; undefined when nobody has approved what has to be. */
function approvedAt(
  { rollout }: ReleasePolicy,
  { approvals, promoted }: Release,
  percent: number,
  asked: boolean,
  readyMs: number,
): number | undefined {
  if (!asked && !rollout.approve.includes(percent)) return readyMs;
  const given = promoted ?? approvals.find((approval) => approval.percent === percent);
  return given && Math.max(readyMs, Date.parse(given.at));
}

function stuck(
  policy: ReleasePolicy,
  said: Said | undefined,
  percent: number,
  next: number | undefined,
): End {
  if (!said) return unknown(`the evidence ends while it would have had ${percent} %`);
  if (said.verdict === 'inconclusive' && policy.rollout.onInconclusive === 'wait')
    return waits(`enough to judge by at ${percent} %`);
  return waits(`approval of ${next ?? 100} %`);
}

const waits = (what: string): End => ({ kind: 'waits', for: what });
const unknown = (why: string): End => ({ kind: 'unknown', why });

const phaseOf = (
  percent: number | undefined,
  fromMs: number,
  said: Said | undefined,
  untilMs: number,
): Phase => ({
  percent,
  fromMs,
  untilMs: said?.atMs ?? untilMs,
  verdict: said?.verdict,
  reasons: said?.reasons ?? [],
});
