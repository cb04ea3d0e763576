import { z } from 'zod';
import type { CloudRun, RunRevision } from '../platform/cloud-run.ts';
import type { Bucket } from '../platform/cloud-storage.ts';
import type { Log } from '../platform/log.ts';
import { decodeJson, type Decoded, type PubSubMessage } from '../platform/pubsub-event.ts';
import type { Topics } from '../platform/pubsub.ts';
import { takeLease } from '../release/lease.ts';
import type { Ledger } from '../release/ledger.ts';
import {
  candidateTag,
  labels,
  objects,
  releaseKey,
  revisionName,
  type ReleaseKey,
} from '../release/naming.ts';
import { policyAnnotation, releasePolicy } from '../release/policy.ts';
import { isSettled, type Candidate, type Release, type Verdict } from '../release/release.ts';
import { tell } from '../release/tell.ts';
import { failureCause } from './failure-cause.ts';
import type { ProbeTarget } from './probe.ts';
import { verificationReport } from './report.ts';
import { logLines, watchCandidate, type Conclusion, type WatchPorts } from './watch-candidate.ts';

export interface VerificationPorts extends WatchPorts {
  readonly run: CloudRun;
  readonly bucket: Bucket;
  readonly ledger: Ledger;
  readonly topics: Topics;
  readonly log: Log;
  identityToken(audience: string): Promise<string>;
}

/** How long a lease outlives the longest pause between two renewals: what a crash costs. */
const leaseSeconds = 15;
/** A build that has passed made its revision before; one that is not there by now will not come. */
const missingRevisionMinutes = 10;
/** A tag address appears a moment after its revision is ready. */
const addressWaitSeconds = 30;
/** Each look renews the lease: Cloud Storage takes one write a second to an object. */
const addressLookSeconds = 1;
/** As many of the last probes go into the record; the report has them all. */
const recordedProbes = 20;

const logEntry = z.object({
  resource: z.object({
    labels: z.object({ service_name: z.string(), revision_name: z.string().optional() }),
  }),
});
/** Without a release the hint is about the service itself, and nothing to verify. */
const releaseHint = z.object({ service: z.string(), release: z.string().optional() });
const input = z.union([logEntry, releaseHint]);
type Input = z.infer<typeof input>;

export const decodeVerificationHint = (message: PubSubMessage): Decoded<Input> => decodeJson(message, input);

/** Something happened to a revision or a release: verifies its candidate, if there is one that waits for a verdict. */
export async function handleVerificationHint(ports: VerificationPorts, hint: Input): Promise<void> {
  const key = 'resource' in hint ? await keyOfRevision(ports, hint) : keyOfHint(hint);
  if (key) await verifyCandidate(ports, key);
}

const keyOfHint = ({ service, release }: z.infer<typeof releaseHint>): ReleaseKey | undefined =>
  release === undefined ? undefined : { service, id: release };

async function keyOfRevision(
  { run }: VerificationPorts,
  entry: z.infer<typeof logEntry>,
): Promise<ReleaseKey | undefined> {
  const { service_name: service, revision_name: name } = entry.resource.labels;
  if (name === undefined) return undefined;
  const revision = await run.revision(service, name);
  const commit = revision?.labels[labels.commit];
  const build = revision?.labels[labels.build];
  // Other services of the project, our own functions among them, have no such labels.
  return commit === undefined || build === undefined ? undefined : releaseKey(service, commit, build);
}

async function verifyCandidate(ports: VerificationPorts, key: ReleaseKey): Promise<void> {
  const release = await ports.ledger.release(key);
  // No record yet: the build's own event makes it, and its hint brings us back.
  if (!release || isSettled(release) || release.verdict) return;
  const revision = await ports.run.revision(key.service, revisionName(key));
  if (!revision) {
    const missing = missingRevision(release, ports.now());
    if (missing) await conclude(ports, key, missing);
    return;
  }
  if (revision.ready === 'not-yet') return;
  const object = objects.lease(key, 'verification');
  const now = (): number => ports.now().getTime();
  const lease = await takeLease(ports.bucket, object, leaseSeconds, now);
  if (!lease) return;
  try {
    const renew = (pauseSeconds: number): Promise<boolean> => lease.renew(leaseSeconds + pauseSeconds);
    const conclusion = await findVerdict(ports, key, revision, renew);
    if (conclusion) await conclude(ports, key, conclusion);
  } finally {
    await lease.release();
  }
}

const unhealthy = (reason: string): Conclusion => ({ verdict: 'unhealthy', reason, probes: [] });

function missingRevision({ build, service, id }: Release, now: Date): Conclusion | undefined {
  if (build.status !== 'SUCCESS' || build.endedAt === undefined) return undefined;
  const minutes = (now.getTime() - Date.parse(build.endedAt)) / 60_000;
  if (minutes < missingRevisionMinutes) return undefined;
  return unhealthy(`its build has passed, but there is no revision ${revisionName({ service, id })}`);
}

/** Undefined when somebody else has taken over meanwhile. */
async function findVerdict(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: RunRevision,
  renew: (pauseSeconds: number) => Promise<boolean>,
): Promise<Conclusion | undefined> {
  const policy = releasePolicy.safeParse(parseJson(revision.annotations[policyAnnotation]));
  if (!policy.success)
    return unhealthy(`its annotation ${policyAnnotation} cannot be read: ${z.prettifyError(policy.error)}`);
  const candidate: Candidate = { revision: revision.name, image: revision.image, policy: policy.data };
  await tell(ports, key, { kind: 'candidate', candidate });
  if (revision.ready === 'no') {
    const log = await ports.logging.revision(key.service, revision.name, logLines);
    return unhealthy(failureCause(revision.message, log).text);
  }
  const target = await probeTarget(ports, key, candidate.revision, renew);
  if (!target) return unhealthy(`tag ${candidateTag(key)} got no address within ${addressWaitSeconds} s`);
  await tell(ports, key, { kind: 'candidate', candidate: { ...candidate, url: target.url } });
  await tell(ports, key, { kind: 'verification-started' });
  return watchCandidate(ports, key.service, target, candidate.policy.health, renew);
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

async function probeTarget(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: string,
  renew: (pauseSeconds: number) => Promise<boolean>,
): Promise<ProbeTarget | undefined> {
  const tag = candidateTag(key);
  const until = ports.now().getTime() + addressWaitSeconds * 1000;
  for (;;) {
    const service = await ports.run.service(key.service);
    const url = service?.serving.find((target) => target.tag === tag && target.revision === revision)?.url;
    if (service && url !== undefined) {
      // The audience of a tag's address is the service's own address.
      return { url, revision, token: service.open ? undefined : await ports.identityToken(service.url) };
    }
    if (ports.now().getTime() > until) return undefined;
    await renew(addressLookSeconds);
    await ports.sleep(addressLookSeconds * 1000);
  }
}

async function conclude(
  ports: VerificationPorts,
  key: ReleaseKey,
  { verdict, reason, probes }: Conclusion,
): Promise<void> {
  const concluded: Verdict = { verdict, reasons: [reason], at: ports.now().toISOString() };
  const release = await ports.ledger.release(key);
  // Somebody else was faster: the report that stands belongs to the verdict that stands.
  if (!release || release.verdict) return;
  const report = verificationReport(release, concluded, probes);
  await ports.bucket.write(objects.report(key), report, 'text/markdown; charset=utf-8');
  ports.log('INFO', `${key.service} ${revisionName(key)} is ${verdict}: ${reason}`);
  await tell(ports, key, { kind: 'verdict', verdict: concluded, probes: probes.slice(-recordedProbes) });
}
