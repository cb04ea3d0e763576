import type { Evidence, EvidenceStretch } from '../../../functions/release/evidence.ts';
import { releasePolicy, type ReleasePolicy } from '../../../functions/release/policy.ts';
import type { Probe, ReleaseStep } from '../../../functions/release/release.ts';
import { latencyBoundsMs } from '../../../functions/verdict/latency-bounds.ts';
import type { Judged } from '../../../scripts/judge/compare.ts';
import { candidate, healthy, releaseAt } from '../../support/release.ts';

/**
 * A release that was probed each second from noon on, got 10 % at second 10, 50 % at 40 and all of it at 70, and was watched
 * until second 100.
 */

const noon = Date.parse('2026-03-02T12:00:00.000Z');
export const at = (second: number): string => new Date(noon + second * 1000).toISOString();
/** Seconds since noon. */
export const second = (ms: number): number => (ms - noon) / 1000;

export const policy = (
  rollout: Partial<ReleasePolicy['rollout']> = {},
  health: Partial<ReleasePolicy['health']> = {},
): ReleasePolicy =>
  releasePolicy.parse({
    health: { watchSeconds: 5, deadlineSeconds: 20, ...health },
    rollout: {
      steps: [
        { percent: 10, atLeastSeconds: 29, atMostSeconds: 29 },
        { percent: 50, atLeastSeconds: 29, atMostSeconds: 29 },
      ],
      bakeSeconds: 29,
      onInconclusive: 'promote',
      approve: [],
      metrics: {},
      ...rollout,
    },
    public: true,
  });

export const step = (percent: number, from: number, part: Partial<ReleaseStep> = {}): ReleaseStep => ({
  percent,
  askedAt: at(from),
  servingAt: at(from),
  ...part,
});

export const release = (part: Partial<Judged> = {}, had = policy()): Judged => ({
  ...releaseAt('live', { verdict: { ...healthy, at: at(5.1) } }),
  steps: [
    step(10, 10, { verdict: { ...healthy, verdict: 'inconclusive', at: at(39) } }),
    step(50, 40, { verdict: { ...healthy, verdict: 'inconclusive', at: at(69) } }),
    step(100, 70, { verdict: { ...healthy, at: at(99) } }),
  ],
  candidate: { ...candidate, policy: had },
  ...part,
});

/** A probe each second; what it came to is said for the seconds at which it was not good. */
export const probes = (until: number, bad: Readonly<Record<number, Partial<Probe>>> = {}): Probe[] =>
  Array.from({ length: until + 1 }, (_, index) => ({
    at: at(index),
    latencyMs: 20,
    outcome: 'ok' as const,
    ...bad[index],
  }));

const answers = (total: number, errors: number): EvidenceStretch['candidate'] => {
  const latency = new Array<number>(latencyBoundsMs.length + 1).fill(0);
  latency[30] = total;
  return { total, errors, latency };
};

/** Five seconds of a thousand answers each; `errors` of the candidate's failed. */
export const stretch = (from: number, errors: number, alone = false): EvidenceStretch => ({
  from: at(from),
  to: at(from + 5),
  candidate: answers(1000, errors),
  ...(alone ? {} : { stable: answers(1000, 2) }),
});

export const evidence = (
  bad: Readonly<Record<number, Partial<Probe>>> = {},
  stretches: readonly EvidenceStretch[] = [],
): Evidence => ({ schemaVersion: 1, probes: probes(100, bad), stretches: [...stretches] });

export const fails: Partial<Probe> = {
  outcome: 'wrong-status',
  status: 500,
  detail: 'answered 500 instead of 200',
};
