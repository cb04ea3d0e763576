import { z } from 'zod';
import type { RunRevision } from '../platform/cloud-run.ts';
import { candidateTag, revisionName, type ReleaseKey } from '../release/naming.ts';
import { policyAnnotation, releasePolicy } from '../release/policy.ts';
import type { Candidate, Release, Verdict } from '../release/release.ts';
import { tell } from '../release/tell.ts';
import { failureCause } from './failure-cause.ts';
import { judge } from './judge.ts';
import type { VerificationPorts } from './ports.ts';
import { addressWaitSeconds, probeTarget } from './probe-target.ts';
import type { Turn } from './turn.ts';
import { logLines, watch, type Conclusion, type Watched } from './watch.ts';

/** A build that has passed made its revision before; one that is not there by now will not come. */
const missingRevisionMinutes = 10;
/** As many of the last probes go into the record; the evidence has them all. */
const recordedProbes = 20;

const unhealthy = (reason: string): Conclusion => ({ verdict: 'unhealthy', reasons: [reason] });

/** The verdict on a candidate that does not exist, once it is late enough to say so. */
export function missingRevision({ build, service, id }: Release, now: Date): Conclusion | undefined {
  if (build.status !== 'SUCCESS' || build.endedAt === undefined) return undefined;
  const minutes = (now.getTime() - Date.parse(build.endedAt)) / 60_000;
  if (minutes < missingRevisionMinutes) return undefined;
  return unhealthy(`its build has passed, but there is no revision ${revisionName({ service, id })}`);
}

/** Finds out whether a candidate may get traffic, and writes it down. */
export async function verifyCandidate(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: RunRevision,
  turn: Turn,
): Promise<void> {
  const found = await findVerdict(ports, key, revision, turn);
  if ('kind' in found && found.kind !== 'concluded') return;
  await conclude(ports, key, found, turn);
}

async function findVerdict(
  ports: VerificationPorts,
  key: ReleaseKey,
  revision: RunRevision,
  turn: Turn,
): Promise<Conclusion | Watched> {
  const policy = releasePolicy.safeParse(parseJson(revision.annotations[policyAnnotation]));
  if (!policy.success)
    return unhealthy(`its annotation ${policyAnnotation} cannot be read: ${z.prettifyError(policy.error)}`);
  const candidate: Candidate = { revision: revision.name, image: revision.image, policy: policy.data };
  await tell(ports, key, { kind: 'candidate', candidate });
  if (revision.ready === 'no') {
    const log = await ports.logging.revision(key.service, revision.name, logLines);
    return unhealthy(failureCause(revision.message, log).text);
  }
  const target = await probeTarget(ports, key, candidate.revision, (pause) => turn.renew(pause));
  if (!target) return unhealthy(`tag ${candidateTag(key)} got no address within ${addressWaitSeconds} s`);
  await tell(ports, key, { kind: 'candidate', candidate: { ...candidate, url: target.url } });
  await tell(ports, key, { kind: 'verification-started' });
  const { health } = policy.data;
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
