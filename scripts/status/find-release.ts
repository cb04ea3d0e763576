import type { CloudBuild } from '../../functions/platform/cloud-build.ts';
import type { Bucket } from '../../functions/platform/cloud-storage.ts';
import type { Ledger } from '../../functions/release/ledger.ts';
import { objects, releaseKey, releaseOf, substitutions } from '../../functions/release/naming.ts';
import { orderOf, type Release } from '../../functions/release/release.ts';
import type { ServiceRecord } from '../../functions/release/service-record.ts';

/** The newest release of a service whose id starts like this, or whose commit does. */
export async function namedRelease(
  bucket: Bucket,
  ledger: Ledger,
  service: string,
  start: string,
): Promise<Release | undefined> {
  // An id starts with seven characters of the commit: a full SHA goes on differently.
  const prefix = objects
    .release({ service, id: start.includes('-') ? start : start.slice(0, 7) })
    .replace(/\.json$/, '');
  const found = await Promise.all(
    (await bucket.list(prefix)).flatMap(releaseOf).map(async (key) => ledger.release(key)),
  );
  return found
    .flatMap((release) =>
      release && (release.id.startsWith(start) || release.commit.startsWith(start)) ? [release] : [],
    )
    .sort((a, b) => (orderOf(a) < orderOf(b) ? 1 : -1))[0];
}

/**
 * The release of the newest build that has one, `builds` being sorted, newest first; where all are too long ago, the one
 * that is being rolled out or serves.
 */
export async function newestRelease(
  ledger: Ledger,
  { service, rollingOut, stable }: ServiceRecord,
  builds: readonly CloudBuild[],
): Promise<Release | undefined> {
  const own = builds.flatMap(({ substitutions: given, commit, id }) =>
    given[substitutions.service] === service &&
    given[substitutions.purpose] === 'release' &&
    commit !== undefined
      ? [releaseKey(service, commit, id)]
      : [],
  );
  const known = [rollingOut?.release, stable?.release].flatMap((id) =>
    id === undefined ? [] : [{ service, id }],
  );
  for (const key of [...own, ...known]) {
    const release = await ledger.release(key);
    if (release) return release;
  }
  return undefined;
}
