import type { Ledger } from '../release/ledger.ts';
import { orderOf, type Release } from '../release/release.ts';
import type { ServiceRecord, Shares } from '../release/service-record.ts';
import { overtakenBy, quarantined } from './eligibility.ts';
import { asking, sameShares } from './shares.ts';
import { wasTakenBack } from './taken-back.ts';

/**
 * Writes down that the service is to serve these shares for this release, before Cloud Run is asked: of two releases the
 * newer one's claim stands, and whoever finds other traffic than was ever asked for knows that a person was there.
 * True when the claim stands.
 */
export async function claim(
  { ledger, now }: { readonly ledger: Ledger; now(): Date },
  release: Release,
  wanted: Shares,
  observed: Shares,
): Promise<boolean> {
  const at = now().toISOString();
  const record = await ledger.updateService(release.service, (current) => {
    if (current.rollbackRequest || current.frozen || current.traffic?.foreign) return undefined;
    if (overtakenBy(release, current) !== undefined) return undefined;
    if (wasTakenBack(current, release.id) || quarantined(release, current) !== undefined) return undefined;
    if (isClaimed(release, current, wanted)) return undefined;
    return {
      ...current,
      rollingOut: { release: release.id, order: orderOf(release) },
      traffic: asking(wanted, observed, current, at, release.id),
      ...floorOf(release, current, at),
    };
  });
  return isClaimed(release, record, wanted);
}

/**
 * Cloud Run has what was asked for last. From now on any other traffic is somebody else's doing, even if it is what was
 * there before: a person who gives everything back to the stable revision is not overruled.
 */
export async function arrived(
  { ledger }: { readonly ledger: Ledger },
  service: string,
  accepted: Shares,
): Promise<void> {
  await ledger.updateService(service, (current) =>
    current.traffic &&
    current.traffic.before.length > 0 &&
    !current.rollbackRequest &&
    sameShares(current.traffic.asked, accepted)
      ? { ...current, traffic: { ...current.traffic, before: [] } }
      : undefined,
  );
}

const isClaimed = (release: Release, record: ServiceRecord, wanted: Shares): boolean =>
  !record.rollbackRequest &&
  !record.frozen &&
  !record.traffic?.foreign &&
  record.rollingOut?.release === release.id &&
  sameShares(record.traffic?.asked ?? [], wanted);

/** A step of the schema that cannot be undone counts from the first traffic on: from then on its data is being written. */
function floorOf(release: Release, record: ServiceRecord, at: string): Pick<ServiceRecord, 'schemaFloor'> {
  const schema = release.candidate?.policy.schema;
  if (!schema || schema.reversible || schema.version <= (record.schemaFloor?.version ?? 0)) return {};
  return { schemaFloor: { version: schema.version, release: release.id, at } };
}
