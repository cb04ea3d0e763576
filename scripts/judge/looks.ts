import { measuredAfterMinutes, reportedAfterSeconds } from '../../functions/platform/monitoring.ts';
import type { Evidence, EvidenceStretch } from '../../functions/release/evidence.ts';
import type { HealthPolicy } from '../../functions/release/policy.ts';
import type { Probe, Release } from '../../functions/release/release.ts';
import { startupCheck } from '../../functions/verification/probe-schedule.ts';

/** One moment at which verification judged: all that it knew then. Times are milliseconds since 1970. */
export interface Look {
  /** When its own probe of the health or startup path was sent, and when that was over. */
  readonly beganMs: number;
  readonly atMs: number;
  /** So many of the probes were known, and of the stretches. */
  readonly probes: number;
  readonly stretches: number;
}

/** What is stored of a release, as it was seen: look by look. */
export interface Seen {
  readonly probes: readonly Probe[];
  readonly stretches: readonly EvidenceStretch[];
  readonly looks: readonly Look[];
}

/** Answers were counted at once where the instances report them, and minutes later where Cloud Run measured them. */
function lagMs(
  stretch: EvidenceStretch,
  all: readonly EvidenceStretch[],
  began: readonly number[],
  lastMs: number,
): number {
  const nextStepMs = Math.min(lastMs, ...began.filter((at) => at > Date.parse(stretch.from)));
  const last = all.findLast(({ from }) => Date.parse(from) < nextStepMs) ?? stretch;
  const measuredMs = measuredAfterMinutes * 60_000;
  return nextStepMs - Date.parse(last.to) >= measuredMs ? measuredMs : reportedAfterSeconds * 1000;
}

/** Takes the evidence apart into the looks in which it was gathered. `health` is the policy that the release had. */
export function looksOf({ probes, stretches }: Evidence, health: HealthPolicy, release: Release): Seen {
  // A look ends with the answer of the health or startup path; what streams and journeys came to stands before it.
  const startup = health.startupPath === undefined ? undefined : startupCheck(health.startupPath);
  const answers = probes.flatMap((probe, index) =>
    probe.check === undefined || probe.check === startup ? [{ probe, index }] : [],
  );
  const ends = answers.map(({ probe }) => Date.parse(probe.at) + probe.latencyMs);
  const lastMs = ends.at(-1) ?? -Infinity;
  const began = release.steps.flatMap(({ servingAt }) =>
    servingAt === undefined ? [] : [Date.parse(servingAt)],
  );
  const known = stretches.map((stretch) => Date.parse(stretch.to) + lagMs(stretch, stretches, began, lastMs));
  return {
    probes,
    stretches,
    looks: answers.map(({ probe, index }, look) => {
      // Metrics are read between a probe and the next one.
      const next = answers[look + 1];
      const until = next ? Date.parse(next.probe.at) : Infinity;
      return {
        beganMs: Date.parse(probe.at),
        atMs: ends[look] ?? 0,
        probes: index + 1,
        stretches: known.filter((at) => at < until).length,
      };
    }),
  };
}
