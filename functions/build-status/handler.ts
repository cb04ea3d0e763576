import { z } from 'zod';
import type { CloudBuild, Builds } from '../platform/cloud-build.ts';
import type { Bucket } from '../platform/cloud-storage.ts';
import type { GitHub } from '../platform/github.ts';
import type { Log } from '../platform/log.ts';
import { decodeJson, type Decoded, type PubSubMessage } from '../platform/pubsub-event.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import { releaseKey, topics as topicNames } from '../release/naming.ts';
import type { Release } from '../release/release.ts';
import { reportStatus } from '../release/statuses.ts';
import { describeBuild, failureOf, purposeOf, type BuildPurpose } from './describe-build.ts';

export interface BuildStatusPorts {
  readonly builds: Builds;
  readonly bucket: Bucket;
  readonly github: GitHub;
  readonly ledger: Ledger;
  readonly topics: Topics;
  /** `owner/name`: builds of other repositories are none of ours. */
  readonly repository: string;
  readonly log: Log;
  now(): Date;
}

const buildEvent = z.object({ id: z.string().min(1), name: z.string().min(1) });
const tick = z.object({ tick: z.string() });
const input = z.union([buildEvent, tick]);
type Input = z.infer<typeof input>;

/** Builds that a tick looks at again: with the longest build time allowed for, and a lost last message. */
const tickWindowMinutes = 120;

export const decodeBuildHint = (message: PubSubMessage): Decoded<Input> => decodeJson(message, input);

/** A message about a build, or a tick: reads the builds it is about anew, and makes GitHub and the record agree. */
export async function handleBuildHint(ports: BuildStatusPorts, hint: Input): Promise<void> {
  if ('tick' in hint) {
    const since = new Date(ports.now().getTime() - tickWindowMinutes * 60_000);
    const failures: unknown[] = [];
    // One build that cannot be reported must not keep the others from it.
    for (const build of await ports.builds.createdSince(since)) {
      await lookAt(ports, build).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} builds could not be looked at`);
    return;
  }
  const build = await ports.builds.get(hint.name);
  if (build) await lookAt(ports, build);
  else ports.log('WARNING', `build ${hint.name} does not exist`);
}

async function lookAt(ports: BuildStatusPorts, build: CloudBuild): Promise<void> {
  const purpose = purposeOf(build, ports.repository);
  if (!purpose) return;
  if (purpose.purpose === 'release') await recordBuild(ports, build, purpose);
  const status = describeBuild(build, purpose);
  if ((await reportStatus(ports, purpose.commit, status)) === 'refused') {
    ports.log('ERROR', `GitHub does not take ${status.context} of ${purpose.commit}`);
  }
}

async function recordBuild(
  ports: BuildStatusPorts,
  build: CloudBuild,
  { service, commit }: BuildPurpose,
): Promise<void> {
  const key = releaseKey(service, commit, build.id);
  await ports.ledger.create(newRelease(build, service, commit, ports.now().toISOString()));
  const failure = failureOf(build);
  const recorded = await ports.ledger.record(key, {
    kind: 'build',
    status: build.status,
    digests: build.digests,
    ...(failure === undefined ? {} : { failure: `the build ${failure}` }),
  });
  if (recorded.kind === 'changed') {
    await ports.topics.publish(topicNames.releases, { service: key.service, release: key.id });
  }
}

const newRelease = (build: CloudBuild, service: string, commit: string, at: string): Release => ({
  schemaVersion: 1,
  ...releaseKey(service, commit, build.id),
  commit,
  branch: build.branch,
  createdAt: at,
  stage: 'building',
  build: {
    id: build.id,
    name: build.name,
    createTime: build.createTime,
    status: 'STATUS_UNKNOWN',
    logUrl: build.logUrl,
    digests: [],
  },
  probes: [],
  traffic: [],
  history: [{ at, stage: 'building', reason: `build ${build.id} was started` }],
});
