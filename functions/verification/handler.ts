import { z } from 'zod';
import { decodeJson, type Decoded, type PubSubMessage } from '../platform/pubsub-event.ts';
import { labels, releaseKey, revisionName, topics, type ReleaseKey } from '../release/naming.ts';
import { isSettled, type Release } from '../release/release.ts';
import type { VerificationPorts } from './ports.ts';
import { takeTurn, turnSeconds, type Turn } from './turn.ts';
import { conclude, missingRevision, verifyCandidate } from './verify-candidate.ts';
import { servedStep, verifyStep } from './verify-step.ts';

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

/** Something happened to a revision or a release: finds out how its candidate is, where that is asked. */
export async function handleVerificationHint(ports: VerificationPorts, hint: Input): Promise<void> {
  const key = 'resource' in hint ? await keyOfRevision(ports, hint) : keyOfHint(hint);
  if (key) await verify(ports, key);
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

/** What is to be found out about a release, if anything: how its candidate is before traffic, or at a percent of it. */
function question(release: Release | undefined): string | undefined {
  // No record yet: the build's own event makes it, and its hint brings us back.
  if (!release || isSettled(release)) return undefined;
  if (!release.verdict) return 'before traffic';
  const step = servedStep(release);
  return step && step.verdict?.verdict !== 'unhealthy' ? `at ${step.percent} %` : undefined;
}

/** Answers what is asked about a release, and what that leads to, for as long as a function may run. */
async function verify(ports: VerificationPorts, key: ReleaseKey): Promise<void> {
  const endsAt = ports.now().getTime() + turnSeconds * 1000;
  let asked = question(await ports.ledger.release(key));
  while (asked !== undefined) {
    const turn = await takeTurn(ports, key, endsAt, (own) => answer(ports, key, own));
    if (turn === undefined) return;
    if (turn.outcome === 'time-up') {
      // Not left to the tick: a candidate with traffic is not to be out of sight for a minute.
      await ports.topics.publish(topics.releases, { service: key.service, release: key.id });
      return;
    }
    // Once more after the turn is over: who came meanwhile with the next question found it taken.
    asked = question(await ports.ledger.release(key));
    if (asked === turn.answered) return;
  }
}

interface Answered {
  readonly answered: string | undefined;
  readonly outcome: 'answered' | 'time-up';
}

async function answer(ports: VerificationPorts, key: ReleaseKey, turn: Turn): Promise<Answered> {
  const release = await ports.ledger.release(key);
  const answered = question(release);
  if (!release || answered === undefined) return { answered, outcome: 'answered' };
  const step = servedStep(release);
  if (!step || !release.candidate) {
    return { answered, outcome: await answerFirst(ports, release, turn) };
  }
  const record = await ports.ledger.service(key.service);
  const outcome = await verifyStep(ports, release, release.candidate, step, record, turn);
  return { answered, outcome: outcome === 'time-up' ? 'time-up' : 'answered' };
}

/** Before any traffic. */
async function answerFirst(
  ports: VerificationPorts,
  release: Release,
  turn: Turn,
): Promise<Answered['outcome']> {
  const revision = await ports.run.revision(release.service, revisionName(release));
  if (revision) {
    const outcome = await verifyCandidate(ports, release, revision, turn);
    return outcome === 'time-up' ? 'time-up' : 'answered';
  }
  const missing = missingRevision(release, ports.now());
  if (missing) await conclude(ports, release, missing);
  return 'answered';
}
