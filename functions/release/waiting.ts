import type { Release } from './release.ts';
import type { Frozen, ServiceRecord } from './service-record.ts';
import { percentsOf } from './steps.ts';

/** What a release stands still for, although nothing is wrong with it. */
export type Waiting =
  | { readonly kind: 'frozen'; readonly frozen: Frozen }
  /** A person has to let the candidate have so much. */
  | { readonly kind: 'approval'; readonly percent: number }
  /** These services of the same commit, with which it goes out in a set. */
  | { readonly kind: 'set'; readonly services: readonly string[] }
  /** There is not enough to judge by, and the policy says to wait until there is. */
  | { readonly kind: 'evidence'; readonly percent: number };

/** What a person types to move a release or its service. */
export const commands = {
  approve: (service: string): string => `npm run approve -- ${service}`,
  letGo: (service: string): string => `npm run release -- ${service}`,
  rollBack: (service: string): string => `npm run rollback -- ${service}`,
} as const;

/** Why a bad release cannot be taken back by itself, if that was tried: it is left to people. */
export const stuckOf = (
  { id }: Pick<Release, 'id'>,
  { quarantine }: Pick<ServiceRecord, 'quarantine'>,
): string | undefined => quarantine.find(({ release }) => release === id)?.stuck;

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

/**
 * Undefined when nothing but time or the pipeline's own work is needed. Whether the others of its set are ready is not looked
 * up: until it has its first traffic it is they whom it may be waiting for.
 */
export function waitingFor(
  release: Release,
  record: Pick<ServiceRecord, 'stable' | 'frozen' | 'schemaFloor' | 'traffic'>,
): Waiting | undefined {
  const { stage, verdict, steps, approvals, promoted, withdrawn, candidate, build, siblings } = release;
  if ((stage !== 'verifying' && stage !== 'rolling-out') || !verdict || withdrawn) return undefined;
  const rollout = candidate?.policy.rollout;
  const step = steps.at(-1);
  const standing = step ? step.verdict : verdict;
  if (standing?.verdict === 'unhealthy') return undefined;
  if (record.frozen) return { kind: 'frozen', frozen: record.frozen };
  const [percent] = percentsToCome(release, record);
  const ready = step ? step.servingAt !== undefined : build.status === 'SUCCESS';
  if (percent === undefined || !standing || !ready) return undefined;
  const others = step ? [] : siblings.filter((name) => candidate?.policy.releaseSet.includes(name));
  const set: Waiting | undefined = others.length === 0 ? undefined : { kind: 'set', services: others };
  if (promoted) return set;
  const inconclusive = standing.verdict === 'inconclusive';
  if (step && inconclusive && rollout?.onInconclusive === 'roll-back') return undefined;
  if (step && inconclusive && rollout?.onInconclusive === 'wait')
    return { kind: 'evidence', percent: step.percent };
  // Without any traffic nothing will ever become clearer by itself.
  const asked = inconclusive && (!step || rollout?.onInconclusive === 'ask');
  const needed = asked || (rollout?.approve ?? []).includes(percent);
  return needed && !approvals.some((approval) => approval.percent === percent)
    ? { kind: 'approval', percent }
    : set;
}
