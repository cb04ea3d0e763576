import type { Log } from '../platform/log.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import type { Release, Serving } from '../release/release.ts';
import { tell } from './tell.ts';

/**
 * The candidate serves all traffic: it is stable now, and the one before it is the way back. The release's own record
 * comes last, so that a crash anywhere before it is made good by doing all of it again.
 */
export async function confirmLive(
  ports: { readonly ledger: Ledger; readonly topics: Topics; readonly log: Log; now(): Date },
  release: Release,
): Promise<void> {
  const { candidate } = release;
  if (!candidate) return;
  const at = ports.now().toISOString();
  const serving: Serving = {
    release: release.id,
    revision: candidate.revision,
    image: candidate.image,
    commit: release.commit,
    buildCreateTime: release.build.createTime,
    since: at,
  };
  const record = await ports.ledger.updateService(release.service, (current) =>
    current.stable?.release === release.id
      ? undefined
      : { ...current, stable: serving, ...(current.stable ? { previousGood: current.stable } : {}) },
  );
  const before = record.previousGood;
  if (before)
    await tell(
      ports,
      { service: release.service, id: before.release },
      { kind: 'superseded', reason: `replaced by ${candidate.revision}` },
    );
  await tell(ports, release, { kind: 'traffic-confirmed', reason: `${candidate.revision} serves 100 %` });
  ports.log('NOTICE', `${release.service} ${candidate.revision} is live`);
}
