import type { CloudLogging } from '../../../functions/platform/cloud-logging.ts';
import type { Monitoring, RevisionAnswers } from '../../../functions/platform/monitoring.ts';
import type { HealthPolicy } from '../../../functions/release/policy.ts';
import type { Probe } from '../../../functions/release/release.ts';
import type { RolloutPorts } from '../../../functions/rollout/ports.ts';
import { latencyBoundsMs } from '../../../functions/verdict/latency-bounds.ts';
import type { WatchPorts } from '../../../functions/verification/watch.ts';
import { answerOf, errorShare, isSpoilt } from './artifacts.ts';
import type { Dice } from './dice.ts';
import { crashes, errors, type Invocation } from './processes.ts';
import type { Run, WorldRevision } from './run.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Sees what the pipeline sees of a revision, as soon as it sees it. */
export type ProbeWatcher = (revision: WorldRevision, probe: Probe) => void;

export interface Observing {
  /** Looks at the address of a tag. */
  prober(invocation: Invocation): WatchPorts['prober'];
  /** Whether a revision answers at its tag's address as its health has to. */
  answers(invocation: Invocation): RolloutPorts['answers'];
  logging(invocation: Invocation): CloudLogging;
  monitoring(invocation: Invocation): Monitoring;
}

/** Requests a minute to a service; each has its own. */
const requestsPerMinute = { none: 0, few: 20, some: 300, many: 3_000 } as const;
const bucketMs = 5_000;

/** `https://<tag>---<service>.run.example` */
const addressed = /^https:\/\/([^.]+)---([^.]+)\.run\.example$/;

/** What can be seen from outside of revisions that are what their artifacts are. */
export function createObserving(clock: VirtualClock, dice: Dice, run: Run, watch: ProbeWatcher): Observing {
  const revisionAt = (url: string): WorldRevision | undefined => {
    const [, tag, service = ''] = addressed.exec(url) ?? [];
    const target = run.service(service)?.serving.find((each) => each.tag === tag);
    return target?.revision === undefined ? undefined : run.revision(service, target.revision);
  };

  const trafficOf = (service: string): keyof typeof requestsPerMinute =>
    dice.weighted(`traffic of ${service}`, { none: 1, few: 3, some: 4, many: 2 });

  /** The shares that a service had at a moment. */
  const sharesAt = (service: string, at: number): { revision: string; percent: number }[] => {
    const entry = run.history(service).findLast((each) => each.at <= at);
    return (entry?.serving ?? []).flatMap(({ revision, percent }) =>
      revision === undefined || percent === 0 ? [] : [{ revision, percent }],
    );
  };

  /** The same for the same stretch of five seconds, whoever asks. */
  const answersIn = (
    service: string,
    start: number,
  ): { revision: string; total: number; errors: number }[] => {
    const requests = (requestsPerMinute[trafficOf(service)] * bucketMs) / 60_000;
    return sharesAt(service, start).flatMap(({ revision: name, percent }) => {
      const revision = run.revision(service, name);
      if (!revision || revision.artifact.nature === 'silent') return [];
      const key = `${name} at ${start}`;
      const total = Math.floor((requests * percent) / 100 + dice.number(`requests of ${key}`));
      const moment = {
        readyForMs: start - (revision.readyAt ?? start),
        trafficForMs: revision.firstTrafficAt === undefined ? undefined : start - revision.firstTrafficAt,
      };
      const share = errorShare(revision.artifact, moment);
      const bad = Math.min(total, Math.floor(total * share + dice.number(`errors of ${key}`)));
      return [{ revision: name, total, errors: bad }];
    });
  };

  const answers = (service: string, from: Date, to: Date): RevisionAnswers[] => {
    const sums = new Map<string, { total: number; errors: number }>();
    const first = Math.ceil(from.getTime() / bucketMs) * bucketMs;
    for (let start = first; start + bucketMs <= Math.min(to.getTime(), clock.now()); start += bucketMs)
      for (const { revision, total, errors: bad } of answersIn(service, start)) {
        const sum = sums.get(revision) ?? { total: 0, errors: 0 };
        sums.set(revision, { total: sum.total + total, errors: sum.errors + bad });
      }
    return [...sums].map(([revision, sum]) => ({
      revision,
      ...sum,
      boundsMs: latencyBoundsMs,
      latency: latencyBoundsMs.map((_, index) => (index === 10 ? sum.total : 0)).concat(0),
    }));
  };

  /** Never throws: a probe that gets no answer has found something out too. */
  const probe = (invocation: Invocation, url: string, health: HealthPolicy): Promise<Probe> =>
    invocation.call(
      'probe',
      () => {
        const at = invocation.now().toISOString();
        const revision = revisionAt(url);
        if (revision?.ready !== 'yes')
          return { at, latencyMs: 1, outcome: 'refused', detail: 'refused the connection' };
        const key = `${revision.name} by ${invocation.key} at ${clock.now()}`;
        const { outcome, status } = answerOf(dice, key, revision.artifact, run.moment(revision));
        const seen: Probe = {
          at,
          latencyMs: 20,
          outcome,
          ...(status === undefined ? {} : { status, revision: revision.name }),
          ...(outcome === 'ok'
            ? {}
            : { detail: `answered ${status ?? 'nothing'} instead of ${health.status}` }),
        };
        watch(revision, seen);
        return seen;
      },
      crashes,
    );

  return {
    prober: (invocation) => (target, health) => ({
      look: async () => [await probe(invocation, target.url, health)],
      stop: () => undefined,
    }),
    answers: (invocation) => async (_service, url, _revision, health) =>
      ['ok', 'rate-limited'].includes((await probe(invocation, url, health)).outcome),
    logging: (invocation) => ({
      revision: (service, name) =>
        invocation.call(`log of ${name}`, () => {
          const revision = run.revision(service, name);
          const died =
            revision?.artifact.nature === 'dying' && isSpoilt(revision.artifact, run.moment(revision));
          const failed = revision?.artifact.nature === 'unstartable' && revision.ready === 'no';
          const at = new Date(clock.now()).toISOString();
          return { system: died || failed ? [{ at, text: 'Container called exit(1).' }] : [], container: [] };
        }),
    }),
    monitoring: (invocation) => ({
      reported: (service, from, to) =>
        invocation.call(`answers of ${service}`, () => answers(service, from, to), errors),
      measured: (service, from, to) =>
        invocation.call(`requests of ${service}`, () => answers(service, from, to), errors),
    }),
  };
}
