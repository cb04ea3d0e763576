import type { Ledger } from '../../functions/release/ledger.ts';
import type { ServiceRecord } from '../../functions/release/service-record.ts';
import { isForeign, sharesOf } from '../../functions/rollout/shares.ts';
import type { DeployedService, Refusal } from './run-deployments.ts';

/** The records of services: all that a deployment needs of the ledger. */
export type ServiceRecords = Pick<Ledger, 'service' | 'updateService'>;

/**
 * Writes into the service's record that somebody else has changed the traffic, before the deployment changes the service: a
 * pin to the latest revision becomes one to the revision that serves, and whoever looks after that would see nothing but
 * what was asked for. Rollout finds the note, and freezes. `judged` is the record as it was read before the service.
 * A refusal when the record has moved since: what looks foreign may have been ours.
 */
export async function noteForeignTraffic(
  records: ServiceRecords,
  service: Pick<DeployedService, 'traffic' | 'lastModifier'>,
  judged: ServiceRecord,
  at: string,
): Promise<Refusal | undefined> {
  const shares = sharesOf(service.traffic);
  if (judged.frozen || !isForeign(shares, judged)) return undefined;
  const note = (current: ServiceRecord): ServiceRecord | undefined => {
    const { traffic } = current;
    if (current.frozen || !traffic || traffic.foreign) return undefined;
    if (JSON.stringify(traffic) !== JSON.stringify(judged.traffic)) return undefined;
    return {
      ...current,
      traffic: { ...traffic, foreign: { shares, at, by: service.lastModifier ?? 'somebody' } },
    };
  };
  const record = await written(records, judged.service, note);
  return record.frozen || record.traffic?.foreign
    ? undefined
    : new Error(`the record of ${judged.service} has changed while the service was looked at`);
}

async function written(
  records: ServiceRecords,
  service: string,
  note: Parameters<ServiceRecords['updateService']>[1],
): Promise<ServiceRecord> {
  try {
    return await records.updateService(service, note);
  } catch (cause) {
    throw new Error(
      `that somebody has changed the traffic of ${service} could not be written down, so nothing was deployed; the account of the build has to write services/${service}.json in the state bucket (docs/google-cloud.md)`,
      { cause },
    );
  }
}
