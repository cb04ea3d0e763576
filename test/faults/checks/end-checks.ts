import { releaseKey, statusContext, type StatusStage } from '../../../functions/release/naming.ts';
import { terminalStages, type Release } from '../../../functions/release/release.ts';
import type { ServiceRecord } from '../../../functions/release/service-record.ts';
import { sameShares, sharesOf } from '../../../functions/rollout/shares.ts';
import type { PostedStatus } from '../world/hub.ts';
import { servedBy } from '../world/run.ts';
import type { World } from '../world/world.ts';
import type { Records } from './records.ts';
import type { Violate } from './violation.ts';

/** Checked once everything has come to rest. */
export function checkEnd(world: World, records: Records, violate: Violate): void {
  const releases = records.releases();
  for (const build of world.cloud.builds.all)
    if (!records.release(build.service, releaseKey(build.service, build.commit, build.id).id))
      violate('lost', build.service, `build ${build.id} of commit ${build.commit} has no release`);
  for (const release of releases) {
    const record = records.service(release.service);
    const waits = whatItWaitsFor(release, record, releases);
    if (!isOver(release) && waits === undefined)
      violate('ends', release.service, `${release.id} is ${release.stage} for good, and waits for nobody`);
    checkStatuses(world, releases, release, record, violate);
  }
  for (const service of world.cloud.run.services())
    checkService(world, records.service(service.name), violate);
}

/** What is live and is to come back is not over. */
const isOver = ({ stage, withdrawn }: Release): boolean =>
  (stage === 'live' && withdrawn === undefined) || terminalStages.has(stage);

/** Undefined when there is nobody whose word or work it could be waiting for. */
export function whatItWaitsFor(
  release: Release,
  record: ServiceRecord,
  releases: readonly Release[],
): string | undefined {
  const { stage, verdict, steps, candidate, approvals, promoted } = release;
  if (stage !== 'verifying' && stage !== 'rolling-out' && stage !== 'live') return undefined;
  if (record.frozen) return 'a person to release the service';
  if (record.quarantine.some((held) => held.release === release.id && held.stuck !== undefined))
    return 'a release that mends it';
  if (stage === 'live') return undefined;
  const rollout = candidate?.policy.rollout;
  const last = steps.at(-1);
  const standing = last ? last.verdict : verdict;
  if (!rollout || !standing || standing.verdict === 'unhealthy') return undefined;
  const percents = [...(record.stable ? rollout.steps.map(({ percent }) => percent) : []), 100];
  const next = percents.find((percent) => percent > (last?.percent ?? 0));
  const inconclusive = standing.verdict === 'inconclusive';
  if (last && inconclusive && rollout.onInconclusive === 'wait') return 'more answers to judge by';
  const needed =
    next !== undefined &&
    (rollout.approve.includes(next) || (inconclusive && (!last || rollout.onInconclusive === 'ask')));
  if (needed && !promoted && !approvals.some(({ percent }) => percent === next)) return 'a person to approve';
  const set = candidate.policy.releaseSet;
  const siblings = releases.filter(
    (other) =>
      other.commit === release.commit &&
      other.service !== release.service &&
      release.siblings.includes(other.service) &&
      set.includes(other.service),
  );
  const spoilt = siblings.some((other) =>
    ['failed', 'rolled-back', 'cancelled', 'superseded'].includes(other.stage),
  );
  if (!last && spoilt) return 'the others of its set to be built again';
  return !last && siblings.some((other) => !isOver(other)) ? 'the others of its set' : undefined;
}

/** What must stand at a context, if anything is to stand there at all. */
function expected(
  release: Release,
  passed: boolean,
  frozen: boolean,
  stuck: boolean,
): readonly { stage: StatusStage; states: readonly PostedStatus['state'][] }[] {
  const { verdict, stage } = release;
  const letThrough =
    release.approvals.length > 0 || release.promoted !== undefined || release.steps.length > 0;
  const undecided = letThrough ? 'success' : stage === 'verifying' ? 'pending' : 'error';
  const verified = { healthy: 'success', unhealthy: 'failure', inconclusive: undecided } as const;
  return [
    { stage: 'build', states: passed ? ['success'] : ['failure', 'error'] },
    ...(verdict ? [{ stage: 'verify' as const, states: [verified[verdict.verdict]] }] : []),
    // What is to come back and cannot, because the service is frozen, is not settled.
    ...(stage === 'live' && (stuck || !(release.withdrawn && frozen))
      ? [{ stage: 'rollout' as const, states: [stuck ? ('failure' as const) : ('success' as const)] }]
      : []),
    ...(stage === 'rolled-back'
      ? [{ stage: 'rollout' as const, states: ['failure' as const, 'error' as const] }]
      : []),
    ...(stage === 'failed' && verdict?.verdict === 'healthy' && passed
      ? [{ stage: 'rollout' as const, states: ['failure' as const, 'error' as const] }]
      : []),
  ];
}

function checkStatuses(
  world: World,
  releases: readonly Release[],
  release: Release,
  record: ServiceRecord,
  violate: Violate,
): void {
  const { service, commit, build } = release;
  const others = releases.filter((other) => other.commit === commit && other.service === service);
  // The newest build of a commit speaks for it; but as long as an older one waits for a person, it says so.
  if (others.some((other) => other.build.createTime > build.createTime)) return;
  const stuck = record.quarantine.some((held) => held.release === release.id && held.stuck !== undefined);
  const passed = world.cloud.builds.all.find(({ id }) => id === build.id)?.status === 'SUCCESS';
  const posted = world.cloud.hub.statuses(commit);
  const standing = (stage: StatusStage): PostedStatus | undefined =>
    posted.get(statusContext(service, stage))?.at(-1);
  for (const { stage, states } of expected(release, passed, record.frozen !== undefined, stuck)) {
    const found = standing(stage);
    if (!found || !states.includes(found.state))
      violate(
        'status',
        service,
        `${stage} of ${release.id}, which is ${release.stage}, says ${found ? `${found.state}: ${found.description}` : 'nothing'}`,
      );
  }
  for (const stage of ['build', 'verify', 'rollout'] as const)
    if (others.every(isOver) && standing(stage)?.state === 'pending')
      violate(
        'status',
        service,
        `${stage} of ${release.id} is pending for ever, and the release is ${release.stage}`,
      );
}

function checkService(world: World, record: ServiceRecord, violate: Violate): void {
  const service = world.cloud.run.service(record.service);
  if (!service) return;
  if (record.rollbackRequest)
    violate(
      'lost',
      record.service,
      `a rollback to ${record.rollbackRequest.revision} is asked for and never done`,
    );
  if (record.frozen || record.rollingOut || !record.stable) return;
  const serving = sharesOf(servedBy(service));
  const stable = [{ revision: record.stable.revision, percent: 100 }];
  if (!sameShares(serving, stable))
    violate(
      'settles',
      record.service,
      `${JSON.stringify(serving)} is served, and ${record.stable.revision} is stable`,
    );
}
