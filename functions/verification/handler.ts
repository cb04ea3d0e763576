import { z } from 'zod';
import type { CloudLogging } from '../platform/cloud-logging.ts';
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
import { policyAnnotation, releasePolicy, type HealthPolicy } from '../release/policy.ts';
import { tell } from '../release/tell.ts';
import { isSettled, type Candidate, type Probe, type Release, type Verdict } from '../release/release.ts';
import { death, failureCause } from './failure-cause.ts';
import { judge } from './judge.ts';
import type { ProbeTarget } from './probe.ts';
import { verificationReport } from './report.ts';

export interface VerificationPorts {
  readonly run: CloudRun;
  readonly logging: CloudLogging;
  readonly bucket: Bucket;
  readonly ledger: Ledger;
  readonly topics: Topics;
  readonly log: Log;
  probe(target: ProbeTarget, policy: HealthPolicy): Promise<Probe>;
  identityToken(audience: string): Promise<string>;
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}

/** How long a lease outlives its last renewal, beyond the longest pause between two renewals: what a crash costs. */
const leaseSeconds = 15;
/** Logging's read quota is 60 a minute: while probes fail, look for an exit no oftener than this. */
const logLookSeconds = 5;
const logLines = 200;
const missingRevisionMinutes = 10;
/** A tag address appears a moment after its revision is ready. */
const addressWaitSeconds = 30;

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
    await concludeWithoutRevision(ports, key, release);
    return;
  }
  if (revision.ready === 'not-yet') return;
  const lease = await takeLease(
    ports.bucket,
    objects.lease(key, 'verification'),
    leaseSeconds + addressWaitSeconds,
    () => ports.now().getTime(),
  );
  if (!lease) return;
  try {
    const candidate = await recordCandidate(ports, key, revision);
    if (typeof candidate === 'string') await conclude(ports, key, 'unhealthy', [candidate], []);
    else if (revision.ready === 'no') await concludeNotReady(ports, key, revision);
    else await probeUntilVerdict(ports, key, candidate, (seconds) => lease.renew(seconds));
  } finally {
    await lease.release();
  }
}

/** The candidate as recorded, or the reason why it can not be judged. */
async function recordCandidate(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: RunRevision,
): Promise<Candidate | string> {
  const policy = releasePolicy.safeParse(parseJson(revision.annotations[policyAnnotation]));
  if (!policy.success)
    return `its annotation ${policyAnnotation} cannot be read: ${z.prettifyError(policy.error)}`;
  const candidate: Candidate = { revision: revision.name, image: revision.image, policy: policy.data };
  await tell(ports, key, { kind: 'candidate', candidate });
  return candidate;
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/** The build makes the revision before it ends: one that is not there long after will not come. */
async function concludeWithoutRevision(
  ports: VerificationPorts,
  key: ReleaseKey,
  { build }: Release,
): Promise<void> {
  if (build.status !== 'SUCCESS' || build.endedAt === undefined) return;
  const minutes = (ports.now().getTime() - Date.parse(build.endedAt)) / 60_000;
  if (minutes < missingRevisionMinutes) return;
  await conclude(
    ports,
    key,
    'unhealthy',
    [`its build has passed, but there is no revision ${revisionName(key)}`],
    [],
  );
}

async function concludeNotReady(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: RunRevision,
): Promise<void> {
  const log = await ports.logging.revision(key.service, revision.name, logLines);
  await conclude(ports, key, 'unhealthy', [failureCause(revision.message, log).text], []);
}

async function probeUntilVerdict(
  ports: VerificationPorts,
  key: ReleaseKey,
  candidate: Candidate,
  renew: (seconds: number) => Promise<boolean>,
): Promise<void> {
  const target = await probeTarget(ports, key, candidate.revision);
  if (!target) {
    await conclude(
      ports,
      key,
      'unhealthy',
      [`tag ${candidateTag(key)} got no address within ${addressWaitSeconds} s`],
      [],
    );
    return;
  }
  await tell(ports, key, { kind: 'candidate', candidate: { ...candidate, url: target.url } });
  await tell(ports, key, { kind: 'verification-started' });

  const policy = candidate.policy.health;
  const started = ports.now().getTime();
  const elapsed = (): number => (ports.now().getTime() - started) / 1000;
  const probes: Probe[] = [];
  let renewed = -leaseSeconds;
  let looked = -logLookSeconds;
  for (;;) {
    const seen = await ports.probe(target, policy);
    probes.push(seen);
    const judgement = judge(policy, probes, elapsed());
    const failing = seen.outcome !== 'ok' && seen.outcome !== 'rate-limited';
    if (judgement.verdict !== 'inconclusive' || (failing && elapsed() - looked >= logLookSeconds)) {
      looked = elapsed();
      // The platform starts an ended container anew at the next request: probes alone would not notice.
      const end = death(await ports.logging.revision(key.service, candidate.revision, logLines));
      if (end !== undefined) {
        const ok = probes.filter(({ outcome }) => outcome === 'ok').length;
        await conclude(
          ports,
          key,
          'unhealthy',
          [`died while it was watched: the container ended by itself with ${end}, after ${ok} good answers`],
          probes,
        );
        return;
      }
    }
    if (judgement.verdict !== 'inconclusive') {
      await conclude(ports, key, judgement.verdict, [judgement.reason], probes);
      return;
    }
    if (elapsed() - renewed >= leaseSeconds / 3) {
      renewed = elapsed();
      // Held by somebody else by now, who will come to a verdict.
      if (!(await renew(leaseSeconds + policy.intervalSeconds + policy.timeoutSeconds))) return;
    }
    await ports.sleep(policy.intervalSeconds * 1000);
  }
}

async function probeTarget(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: string,
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
    await ports.sleep(250);
  }
}

async function conclude(
  ports: VerificationPorts,
  key: ReleaseKey,
  verdict: Verdict['verdict'],
  reasons: string[],
  probes: readonly Probe[],
): Promise<void> {
  const concluded: Verdict = { verdict, reasons, at: ports.now().toISOString() };
  const release = await ports.ledger.release(key);
  // Somebody else was faster: the report that stands belongs to the verdict that stands.
  if (!release || release.verdict) return;
  await ports.bucket.write(
    objects.report(key),
    verificationReport(release, concluded, probes),
    'text/markdown; charset=utf-8',
  );
  ports.log('INFO', `${key.service} ${revisionName(key)} is ${verdict}: ${reasons.join('; ')}`);
  await tell(ports, key, { kind: 'verdict', verdict: concluded, probes: probes.slice(-20) });
}
