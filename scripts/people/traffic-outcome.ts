import { terminalStages, type Release } from '../../functions/release/release.ts';
import type { ServiceRecord } from '../../functions/release/service-record.ts';
import { printable } from '../cli/style.ts';
import type { Outcome } from './await-outcome.ts';
import { standingStill } from './standing-still.ts';

/** Whether the release has at least so much of the traffic by now, or will not get it. */
export function trafficOutcome(release: Release, record: ServiceRecord, percent: number, now: Date): Outcome {
  const name = release.candidate?.revision ?? release.id;
  if (release.stage === 'live') return { kind: 'done', says: `${name} serves 100 % and is live.` };
  if (terminalStages.has(release.stage)) {
    const reason = printable(release.history.at(-1)?.reason ?? '');
    return { kind: 'failed', says: `${name} is ${release.stage}: ${reason}` };
  }
  const step = release.steps.at(-1);
  if (step && step.percent >= percent && step.servingAt !== undefined)
    return { kind: 'done', says: `${name} serves ${step.percent} %.` };
  const still = standingStill(record, now);
  if (still !== undefined) return { kind: 'failed', says: `${name} did not get ${percent} %: ${still}` };
  if (release.withdrawn || step?.verdict?.verdict === 'unhealthy')
    return { kind: 'waiting', says: `${name} is being taken back…` };
  if (!step) {
    const build = release.build.status === 'SUCCESS' ? '' : ` (its build is ${release.build.status})`;
    return { kind: 'waiting', says: `${name} waits for its first traffic${build}…` };
  }
  return {
    kind: 'waiting',
    says:
      step.servingAt === undefined
        ? `${name} is being given ${step.percent} %…`
        : `${name} serves ${step.percent} % so far…`,
  };
}
