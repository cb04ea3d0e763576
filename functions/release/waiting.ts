import type { Frozen, Release, ServiceRecord } from './release.ts';
import { percentsOf } from './steps.ts';

/** What a release stands still for, although nothing is wrong with it. */
export type Waiting =
  | { readonly kind: 'frozen'; readonly frozen: Frozen }
  /** A person has to let the candidate have so much. */
  | { readonly kind: 'approval'; readonly percent: number }
  /** There is not enough to judge by, and the policy says to wait until there is. */
  | { readonly kind: 'evidence'; readonly percent: number };

/** What a person types to move a release or its service. */
export const commands = {
  approve: (service: string): string => `npm run approve -- ${service}`,
  letGo: (service: string): string => `npm run release -- ${service}`,
} as const;

/** The percents of a release to come, in order, as far as its policy is known already. */
export function percentsToCome(
  release: Release,
  record: Pick<ServiceRecord, 'stable' | 'schemaFloor' | 'traffic'>,
): number[] {
  if (!release.candidate || release.stage === 'live') return [];
  const percents = release.promoted ? [100] : percentsOf(release, record);
  const reached = release.steps.at(-1)?.percent ?? 0;
  return percents.filter((percent) => percent > reached);
}

/** Undefined when nothing but time or the pipeline's own work is needed. */
export function waitingFor(
  release: Release,
  record: Pick<ServiceRecord, 'stable' | 'frozen' | 'schemaFloor' | 'traffic'>,
): Waiting | undefined {
  const { stage, verdict, steps, approvals, promoted, withdrawn, candidate, build } = release;
  if ((stage !== 'verifying' && stage !== 'rolling-out') || !verdict || withdrawn) return undefined;
  const rollout = candidate?.policy.rollout;
  const step = steps.at(-1);
  const standing = step ? step.verdict : verdict;
  if (standing?.verdict === 'unhealthy') return undefined;
  if (record.frozen) return { kind: 'frozen', frozen: record.frozen };
  const [percent] = percentsToCome(release, record);
  const ready = step ? step.servingAt !== undefined : build.status === 'SUCCESS';
  if (percent === undefined || promoted || !standing || !ready) return undefined;
  const inconclusive = standing.verdict === 'inconclusive';
  if (step && inconclusive && rollout?.onInconclusive === 'roll-back') return undefined;
  if (step && inconclusive && rollout?.onInconclusive === 'wait')
    return { kind: 'evidence', percent: step.percent };
  // Without any traffic nothing will ever become clearer by itself.
  const asked = inconclusive && (!step || rollout?.onInconclusive === 'ask');
  const needed = asked || (rollout?.approve ?? []).includes(percent);
  return needed && !approvals.some((approval) => approval.percent === percent)
    ? { kind: 'approval', percent }
    : undefined;
}
