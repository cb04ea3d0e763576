import type { Log } from '../platform/log.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import type { Release, Serving } from '../release/release.ts';
import { tell } from '../release/tell.ts';
import { overtakenBy } from './plan.ts';

/**
 * The candidate serves all traffic: it is stable now, and the one before it is the way back. Decided once more inside
 * the compare-and-set, for the service's record may have moved since. The release's own record comes last, so that a
 * crash anywhere before it is made good by doing all of it again.
 */
export async function confirmLive(
  ports: { readonly ledger: Ledger; readonly topics: Topics; readonly log: Log; now(): Date },
  release: Release,
): Promise<void> {
  const { candidate } = release;
  if (!candidate) return;
  const serving: Serving = {
    release: release.id,
    revision: candidate.revision,
    image: candidate.image,
    commit: release.commit,
    buildCreateTime: release.build.createTime,
    since: ports.now().toISOString(),
  };
  const record = await ports.ledger.updateService(release.service, (current) => {
    if (current.stable?.release === release.id) return undefined;
    if (current.rollbackRequest || overtakenBy(release, current) !== undefined) return undefined;
    const { rollingOut, stable, ...rest } = current;
    return {
      ...rest,
      stable: serving,
      ...(stable ? { previousGood: stable } : {}),
      ...(rollingOut && rollingOut.release !== release.id ? { rollingOut } : {}),
    };
  });
  // Overtaken meanwhile: the next look supersedes it, or lets the rollback go first.
  if (record.stable?.release !== release.id) return;
  const before = record.previousGood;
  if (before) {
    const reason = `replaced by ${candidate.revision}`;
    await tell(ports, { service: release.service, id: before.release }, { kind: 'superseded', reason });
  }
  await tell(ports, release, { kind: 'traffic-confirmed', reason: `${candidate.revision} serves 100 %` });
  ports.log('NOTICE', `${release.service} ${candidate.revision} is live`);
}
