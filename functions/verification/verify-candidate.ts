import { z } from 'zod';
import type { RunRevision } from '../platform/cloud-run.ts';
import { candidateTag, revisionName, type ReleaseKey } from '../release/naming.ts';
import { policyAnnotation, releasePolicy } from '../release/policy.ts';
import type { Candidate, Release, Verdict } from '../release/release.ts';
import { tell } from '../release/tell.ts';
import { failureCause } from './failure-cause.ts';
import { judge } from './judge.ts';
import type { VerificationPorts } from './ports.ts';
import { awaitTarget } from './probe-target.ts';
import { overdueStart } from './overdue-start.ts';
import type { Turn } from './turn.ts';
import { logLines, watch, type Conclusion, type Watched } from './watch.ts';

/** A build that has passed made its revision before; one that is not there by now will not come. */
const missingRevisionMinutes = 10;
/** As many of the last probes go into the record; the evidence has them all. */
const recordedProbes = 20;

/** So long a turn waits for the tag's address; then it makes way for the next, for the watch may need all of a turn. */
const addressWaitSeconds = 30;

const unhealthy = (reason: string): Conclusion => ({ verdict: 'unhealthy', reasons: [reason] });
const inconclusive = (reason: string): Conclusion => ({ verdict: 'inconclusive', reasons: [reason] });

/** The verdict on a candidate that does not exist, once it is late enough to say so. */
export function missingRevision({ build, service, id }: Release, now: Date): Conclusion | undefined {
  if (build.status !== 'SUCCESS' || build.endedAt === undefined) return undefined;
  const minutes = (now.getTime() - Date.parse(build.endedAt)) / 60_000;
  if (minutes < missingRevisionMinutes) return undefined;
  return unhealthy(`its build has passed, but there is no revision ${revisionName({ service, id })}`);
}

/** Finds out whether a candidate may get traffic, and writes it down. `time-up`: somebody has to go on at once. */
export async function verifyCandidate(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: RunRevision,
  turn: Turn,
): Promise<'concluded' | 'stopped' | 'time-up'> {
  const found = await findVerdict(ports, key, revision, turn);
  if ('kind' in found && found.kind !== 'concluded') return found.kind;
  await conclude(ports, key, found, turn);
  return 'concluded';
}

async function findVerdict(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: RunRevision,
  turn: Turn,
): Promise<Conclusion | Watched> {
  const overdue = revision.ready === 'not-yet' ? overdueStart(revision, ports.now()) : undefined;
  // Its own event comes once it is ready, or has failed; until then each tick looks whether that takes too long.
  if (revision.ready === 'not-yet' && overdue === undefined) return { kind: 'stopped' };
  const policy = releasePolicy.safeParse(parseJson(revision.annotations[policyAnnotation]));
  if (!policy.success)
    return unhealthy(`its annotation ${policyAnnotation} cannot be read: ${z.prettifyError(policy.error)}`);
  const candidate: Candidate = { revision: revision.name, image: revision.image, policy: policy.data };
  await tell(ports, key, { kind: 'candidate', candidate });
  if (overdue !== undefined) return inconclusive(overdue);
  if (revision.ready === 'no') {
    const log = await ports.logging.revision(key.service, revision.name, logLines);
    return unhealthy(failureCause(revision.message, log).text);
  }
  const { health } = policy.data;
  const target = await awaitTarget(ports, key, candidate.revision, addressWaitSeconds, (pause) =>
    turn.renew(pause),
  );
  // The verdict is final: whoever has lost the lease must not say it, the next may have found the address.
  if (!target)
    return (await turn.renew(0)) ? withoutAddress(ports, key, health.deadlineSeconds) : { kind: 'stopped' };
  await tell(ports, key, { kind: 'candidate', candidate: { ...candidate, url: target.url } });
  await tell(ports, key, { kind: 'verification-started' });
  // The first look comes before the turn is kept for the first time, and may take long.
  if (!(await turn.hold(health.timeoutSeconds))) return { kind: 'stopped' };
  return watch(ports, {
    service: key.service,
    target,
    health,
    hasTraffic: false,
    sinceMs: ports.now().getTime(),
    // What an earlier turn saw was cut off: the watch is to be one unbroken stretch.
    seen: [],
    leastLooks: 1,
    mostSeconds: Infinity,
    judge(probes, elapsedSeconds) {
      const judged = judge(health, probes, elapsedSeconds);
      return judged.done ? { verdict: judged.verdict, reasons: [judged.reason] } : undefined;
    },
    async onLook(news, pauseSeconds) {
      turn.evidence.add({ probes: news });
      return turn.keep(pauseSeconds);
    },
  });
}

/** That Cloud Run is slow speaks against no revision: there is a word on it at the policy's deadline, and no bad one. */
async function withoutAddress(
  { ledger, now }: VerificationPorts,
  key: ReleaseKey,
  deadlineSeconds: number,
): Promise<Conclusion | Watched> {
  const release = await ledger.release(key);
  const known = release?.history.find(({ stage }) => stage === 'candidate')?.at;
  const waitedSeconds = known === undefined ? 0 : (now().getTime() - Date.parse(known)) / 1000;
  if (waitedSeconds < deadlineSeconds) return { kind: 'time-up' };
  return inconclusive(
    `Cloud Run gave tag ${candidateTag(key)} no address within ${deadlineSeconds} s (health.deadlineSeconds), so it could not be asked: nothing is known of its health`,
  );
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

/** Writes the verdict down, the evidence before it. */
export async function conclude(
  ports: VerificationPorts,
  key: ReleaseKey,
  { verdict, reasons }: Conclusion,
  turn?: Turn,
): Promise<void> {
  await turn?.evidence.save();
  const concluded: Verdict = { verdict, reasons: [...reasons], at: ports.now().toISOString() };
  const probes = turn?.evidence.evidence.probes.slice(-recordedProbes) ?? [];
  ports.log('INFO', `${key.service} ${revisionName(key)} is ${verdict}: ${reasons.join('; ')}`);
  await tell(ports, key, { kind: 'verdict', verdict: concluded, probes });
}
