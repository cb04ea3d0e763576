import type { Log } from '../platform/log.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import { orderOf, type Release } from '../release/release.ts';
import type { Serving } from '../release/service-record.ts';
import { tell } from '../release/tell.ts';
import { without } from '../release/without.ts';
import { overtakenBy } from './eligibility.ts';
import { wasTakenBack } from './taken-back.ts';

/** What the service's record says of a release that serves everything. */
export const servingOf = (release: Release, since: string): Serving | undefined =>
  release.candidate && {
    release: release.id,
    revision: release.candidate.revision,
    image: release.candidate.image,
    commit: release.commit,
    order: orderOf(release),
    schemaVersion: release.candidate.policy.schema.version,
    since,
  };

/**
 * The candidate serves all traffic and has been watched: it is stable now, and the one before it is the way back. Decided
 * once more inside the compare-and-set, for the service's record may have moved since. The release's own record comes
 * last, so that a crash anywhere before it is made good by doing all of it again.
 */
export async function confirmLive(
  ports: { readonly ledger: Ledger; readonly topics: Topics; readonly log: Log; now(): Date },
  release: Release,
): Promise<void> {
  const serving = servingOf(release, ports.now().toISOString());
  if (!serving) return;
  const record = await ports.ledger.updateService(release.service, (current) => {
    // After a crash the claim may have been made once more.
    if (current.stable?.release === release.id)
      return current.rollingOut?.release === release.id ? without(current, 'rollingOut') : undefined;
    if (current.rollbackRequest || current.frozen || current.traffic?.foreign) return undefined;
    if (overtakenBy(release, current) !== undefined) return undefined;
    // Somebody has found it bad while we were about to confirm it.
    if (wasTakenBack(current, release.id)) return undefined;
    const { rollingOut, stable, traffic, ...rest } = current;
    // What was itself taken back, and served on for want of a better one, is no way back.
    const back = stable && !wasTakenBack(current, stable.release) ? stable : undefined;
    return {
      ...rest,
      stable: serving,
      ...(back ? { previousGood: back } : {}),
      ...(rollingOut && rollingOut.release !== release.id ? { rollingOut } : {}),
      // What was on its way has arrived: any other traffic is somebody else's doing from now on.
      ...(traffic ? { traffic: { ...traffic, before: [] } } : {}),
    };
  });
  // Overtaken meanwhile: the next look supersedes it, or lets the rollback go first.
  if (record.stable?.release !== release.id) return;
  const before = record.previousGood;
  if (before) {
    const reason = `replaced by ${serving.revision}`;
    await tell(ports, { service: release.service, id: before.release }, { kind: 'superseded', reason });
  }
  const said = release.steps.at(-1)?.verdict;
  const unsure = said?.verdict === 'inconclusive' ? `, though inconclusive: ${said.reasons.join('; ')}` : '';
  const reason = `${serving.revision} serves 100 %${unsure}`;
  await tell(ports, release, { kind: 'traffic-confirmed', reason });
  ports.log('NOTICE', `${release.service} ${serving.revision} is live`);
}
