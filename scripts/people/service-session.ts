import { setTimeout as sleep } from 'node:timers/promises';
import { openCloudRun, type CloudRun } from '../../functions/platform/cloud-run.ts';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { openTopics, type Topics } from '../../functions/platform/pubsub.ts';
import { openLedger, type Ledger } from '../../functions/release/ledger.ts';
import { activeRelease, topics as topicNames } from '../../functions/release/naming.ts';
import { isSettled, orderOf, type Release } from '../../functions/release/release.ts';
import { confirm, reason, whoAmI } from '../cli/person.ts';
import { openSession, sessionOptions, type Session } from '../cli/session.ts';
import { UserError } from '../cli/user-error.ts';
import { stateBucket } from '../pipeline/pipeline.ts';
import type { Intent } from './intent.ts';

/** Options of every command by which a person decides about a service. */
export const decisionOptions = {
  ...sessionOptions,
  why: { type: 'string' },
  yes: { type: 'boolean', default: false },
} as const;

export const decisionHelp = `  --why TEXT          the reason, for the record (asked for when it is missing)
  --yes               do not ask whether to go ahead`;

/** What was given on the command line. */
export interface DecisionValues {
  readonly environment: string;
  readonly state: string;
  readonly repo: string;
  readonly why?: string | undefined;
  readonly yes: boolean;
}

/** One service of a pipeline, and the person at the keyboard. */
export interface ServiceSession {
  readonly session: Session;
  readonly service: string;
  readonly ledger: Ledger;
  readonly run: CloudRun;
  readonly topics: Topics;
  /** The releases of the service that are not settled, in no order. */
  underWay(): Promise<Release[]>;
  /** Has the functions look at the service, and at each of its releases that is under way. */
  hint(): Promise<void>;
  /**
   * Says what will happen, and asks for the reason and, where it is dangerous, whether to go ahead. Undefined: there is
   * nothing to do. What is refused is thrown.
   */
  decide<T>(
    intent: Intent<T>,
    question: string,
  ): Promise<{ intent: T; decision: { at: string; by: string; why: string } } | undefined>;
}

/** Opens the session for `npm run <command> -- SERVICE`; `most` positionals, the service among them. */
export async function openServiceSession(
  command: string,
  values: DecisionValues,
  positionals: readonly string[],
  most = 1,
): Promise<ServiceSession> {
  const [service] = positionals;
  if (service === undefined || positionals.length > most)
    throw new UserError(`name one service: npm run ${command} -- SERVICE; --help says more`, { exitCode: 2 });
  const session = await openSession(values);
  const { pipeline, api } = session;
  const services = Object.keys(pipeline.services);
  if (!services.includes(service))
    throw new UserError(`there is no service ${service}; pipeline.yaml has ${services.join(', ')}`, {
      exitCode: 2,
    });
  const time = { now: () => new Date(), sleep: async (milliseconds: number) => sleep(milliseconds) };
  const ledger = openLedger(openBucket(api, stateBucket(pipeline)), time);
  const topics = openTopics(api, pipeline.project);

  const underWay = async (): Promise<Release[]> => {
    const keys = (await ledger.active()).flatMap((marker) => activeRelease(marker) ?? []);
    const own = keys.filter((key) => key.service === service);
    const releases = await Promise.all(own.map(async (key) => ledger.release(key)));
    return releases.flatMap((release) => (release && !isSettled(release) ? [release] : []));
  };

  return {
    session,
    service,
    ledger,
    run: openCloudRun(api, pipeline.project, pipeline.region),
    topics,
    underWay,
    async hint() {
      await topics.publish(topicNames.releases, { service });
      // The newest first: it supersedes the others.
      const newestFirst = (await underWay()).sort((a, b) => (orderOf(a) < orderOf(b) ? 1 : -1));
      for (const { id } of newestFirst) await topics.publish(topicNames.releases, { service, release: id });
    },
    async decide<T>(intent: Intent<T>, question: string) {
      if (intent.kind === 'refused') throw new UserError(intent.reason);
      process.stdout.write(`${intent.says}\n`);
      if (intent.kind === 'already') return undefined;
      const why = await reason(values.why, question);
      if (intent.danger !== undefined) await confirm(intent.danger, values.yes);
      return { intent, decision: { at: time.now().toISOString(), by: await whoAmI(), why } };
    },
  };
}
