import type { Frozen, ServiceRecord, Shares } from '../../functions/release/service-record.ts';
import { froze } from '../../functions/rollout/freeze.ts';
import { inWords } from '../../functions/rollout/shares.ts';
import type { Intent } from './intent.ts';
import { decisionInWords } from './words.ts';

export function planFreeze(
  { service, frozen, rollbackRequest, rollingOut }: ServiceRecord,
  serving: Shares,
  now: Date,
): Intent {
  if (frozen)
    return {
      kind: 'already',
      says: `${service} is frozen already, ${decisionInWords(frozen, now)}; nothing was changed.`,
    };
  return {
    kind: 'do',
    says: [
      `${service} stays as it is: ${inWords(serving)}. Nothing of it is rolled forward, and nothing back by itself, until: npm run release -- ${service}`,
      ...(rollingOut ? [`${rollingOut.release} stops where it is.`] : []),
      ...(rollbackRequest
        ? [`The rollback to ${rollbackRequest.revision} that is under way is still carried out.`]
        : []),
    ].join('\n'),
    danger: undefined,
  };
}

/** The record, frozen by a person; undefined when somebody was faster. */
export const frozenBy = (
  record: ServiceRecord,
  decision: Omit<Frozen, 'cause'>,
): ServiceRecord | undefined => (record.frozen ? undefined : froze(record, { ...decision, cause: 'person' }));
