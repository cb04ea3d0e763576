import { z } from 'zod';
import type { CloudBuild, Builds } from '../platform/cloud-build.ts';
import type { Bucket } from '../platform/cloud-storage.ts';
import type { GitHub } from '../platform/github.ts';
import type { Log } from '../platform/log.ts';
import { decodeJson, type Decoded, type PubSubMessage } from '../platform/pubsub-event.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import { activeRelease, releaseKey, topics as topicNames, type ReleaseKey } from '../release/naming.ts';
import { purposeOf, type BuildPurpose } from '../release/build-purpose.ts';
import { readCancellation, type Cancellation } from '../release/cancellation.ts';
import { pushedAt } from '../release/pushed-at.ts';
import { buildRanks } from '../release/release.ts';
import { siblingsOf } from '../release/same-commit.ts';
import { reportStatus } from '../release/statuses.ts';
import { describeBuild, failureOf } from './describe-build.ts';
import { newRelease } from './new-release.ts';
import { throwFailures } from '../platform/one-by-one.ts';

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
  /** Where people read what the gates of a build came to; without it the status leads to the log. */
  summaryUrl?(service: string, buildId: string): string;
}

const buildEvent = z.object({ id: z.string().min(1), name: z.string().min(1) });
const tick = z.object({ tick: z.string() });
const input = z.union([buildEvent, tick]);
export type BuildHint = z.infer<typeof input>;

/** Builds that a tick looks at again: with the longest build time allowed for, and a lost last message. */
const tickWindowMinutes = 120;

export const decodeBuildHint = (message: PubSubMessage): Decoded<BuildHint> => decodeJson(message, input);

/** A message about a build, or a tick: reads the builds it is about anew, and makes GitHub and the record agree. */
export async function handleBuildHint(ports: BuildStatusPorts, hint: BuildHint): Promise<void> {
  if ('tick' in hint) await lookEverywhere(ports);
  else {
    const build = await ports.builds.get(hint.name);
    if (build) await lookAt(ports, build);
    else ports.log('WARNING', `build ${hint.name} does not exist`);
  }
}

/** All builds of late, and those of releases that still wait for theirs, however long they take. */
async function lookEverywhere(ports: BuildStatusPorts): Promise<void> {
  const since = new Date(ports.now().getTime() - tickWindowMinutes * 60_000);
  const recent = await ports.builds.createdSince(since);
  const failures: unknown[] = [];
  // One build that cannot be reported must not keep the others from it.
  const attempt = async (look: Promise<void>): Promise<void> => {
    await look.catch((error: unknown) => failures.push(error));
  };
  for (const build of recent) await attempt(lookAt(ports, build));
  const seen = new Set(recent.map(({ name }) => name));
  for (const marker of await ports.ledger.active()) {
    const key = activeRelease(marker);
    if (key) await attempt(lookAtOld(ports, key, seen));
  }
  throwFailures(failures, 'builds could not be looked at');
}

async function lookAtOld(ports: BuildStatusPorts, key: ReleaseKey, seen: ReadonlySet<string>): Promise<void> {
  const release = await ports.ledger.release(key);
  if (!release || seen.has(release.build.name)) return;
  if (buildRanks[release.build.status] === buildRanks.SUCCESS) return;
  const build = await ports.builds.get(release.build.name);
  if (build) await lookAt(ports, build);
}

async function lookAt(ports: BuildStatusPorts, build: CloudBuild): Promise<void> {
  const purpose = purposeOf(build, ports.repository);
  if (!purpose) return;
  // The note was written before the cancellation was asked for, so it is there by now.
  const by = build.status === 'CANCELLED' ? await readCancellation(ports.bucket, build.id) : undefined;
  if (purpose.purpose === 'release') await recordBuild(ports, build, purpose, by);
  const status = describeBuild(build, purpose, by, ports.summaryUrl?.(purpose.service, build.id));
  if ((await reportStatus(ports, purpose.commit, status)) === 'refused') {
    ports.log('ERROR', `GitHub does not take ${status.context} of ${purpose.commit}`);
  }
}

async function recordBuild(
  ports: BuildStatusPorts,
  build: CloudBuild,
  { service, commit }: BuildPurpose,
  by: Cancellation | undefined,
): Promise<void> {
  const key = releaseKey(service, commit, build.id);
  const standing =
    (await ports.ledger.release(key)) ??
    (await ports.ledger.create(
      newRelease(build, {
        service,
        commit,
        at: ports.now().toISOString(),
        orderedAt: await pushedAt(ports, build, { service, commit, purpose: 'release' }),
      }),
    ));
  if (buildRanks[build.status] <= buildRanks[standing.build.status]) return;
  const failure = failureOf(build, by);
  // By its end every other build of the commit has been created: one push starts them all.
  const siblings =
    build.status === 'SUCCESS'
      ? siblingsOf(await ports.builds.ofCommit(commit), service, ports.repository)
      : undefined;
  const recorded = await ports.ledger.record(key, {
    kind: 'build',
    status: build.status,
    digests: build.digests,
    ...(failure === undefined ? {} : { failure: `the build ${failure}` }),
    ...(siblings ? { siblings } : {}),
  });
  if (recorded.kind === 'changed') {
    await ports.topics.publish(topicNames.releases, { service: key.service, release: key.id });
  }
}
