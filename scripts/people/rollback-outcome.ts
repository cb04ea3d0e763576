import type { RollbackRequest, ServiceRecord } from '../../functions/release/service-record.ts';
import { printable } from '../cli/style.ts';
import type { Outcome } from './await-outcome.ts';

/** What became of a rollback that a person has asked for. */
export function rollbackOutcome(record: ServiceRecord, request: RollbackRequest): Outcome {
  const { service, rollbackRequest, rolledBackAt, frozen, log } = record;
  if (rollbackRequest?.at === request.at)
    return { kind: 'waiting', says: `${service} → ${request.revision}: asked for, rollout is at it…` };
  const entry = log.findLast((each) => each.request === request.at);
  if (!entry)
    return {
      kind: 'failed',
      says: `the record of ${service} says nothing of what became of the rollback; npm run status shows what serves`,
    };
  const says = printable(`${service}: ${entry.what}.`);
  // Only a rollback that was carried out sets the time, in the same write as its line in the log.
  if (rolledBackAt === undefined || rolledBackAt < entry.at) return { kind: 'failed', says };
  return {
    kind: 'done',
    says: frozen
      ? `${says} It is frozen until: npm run release -- ${service}`
      : `${says} The next push goes out as usual.`,
  };
}
