import type {
  CloudRun,
  RunRevision,
  RunService,
  TrafficTarget,
} from '../../../functions/platform/cloud-run.ts';
import type { Artifact, Moment } from './artifacts.ts';
import type { Dice } from './dice.ts';
import type { Faults } from './faults.ts';
import { errors, type Invocation } from './processes.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface WorldRevision {
  readonly name: string;
  readonly service: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly image: string;
  readonly artifact: Artifact;
  readonly madeAt: number;
  ready: RunRevision['ready'];
  readyAt: number | undefined;
  firstTrafficAt: number | undefined;
}

export interface WorldService {
  readonly name: string;
  readonly traffic: readonly TrafficTarget[];
  readonly serving: readonly TrafficTarget[];
  readonly generation: number;
  readonly observed: number;
  readonly failure: string | undefined;
  readonly open: boolean;
  readonly latestReady: string | undefined;
  /** What a pin to the latest leads to, if it is served; the latest at that time, should it be asked for no more. */
  readonly latestServed: string | undefined;
  readonly lastModifier: string;
}

export interface RunWatcher {
  /** The desired traffic was changed. */
  asked(before: WorldService | undefined, after: WorldService, by: Invocation): void;
  /** What is served has changed. */
  served(before: WorldService, after: WorldService): void;
}

export type ChangeOf = Partial<Pick<WorldService, 'traffic' | 'open'>>;

export interface Run {
  /** As the functions see it. */
  cloudRun(invocation: Invocation): CloudRun;
  service(name: string): WorldService | undefined;
  services(): WorldService[];
  revision(service: string, name: string): WorldRevision | undefined;
  revisions(service: string): WorldRevision[];
  /** Changes a service, or makes it, if it still has the etag; false if not. Throws where the API says 400. */
  change(name: string, etag: string | undefined, by: Invocation, change: ChangeOf): boolean;
  addRevision(
    revision: Pick<WorldRevision, 'name' | 'service' | 'labels' | 'annotations' | 'image' | 'artifact'>,
  ): void;
  moment(revision: WorldRevision): Moment;
  /** Percent by revision over time, for the metrics: each entry holds until the next one. */
  history(service: string): readonly { readonly at: number; readonly serving: readonly TrafficTarget[] }[];
}

/** What really serves, by the names of the revisions. */
export const servedBy = ({ serving, latestServed }: WorldService): TrafficTarget[] =>
  serving.map((target) => ({ ...target, revision: target.revision ?? latestServed }));

export const etagOf = ({ generation }: WorldService): string => `"${generation}"`;

/** `https://<tag>---<service>.run.example` */
export const tagUrl = (service: string, tag: string): string => `https://${tag}---${service}.run.example`;

const invalid = (message: string): Error =>
  Object.assign(new Error(`3 INVALID_ARGUMENT: ${message}`), { code: 3 });

/**
 * Cloud Run: a change is accepted at once, and worked through a while later. It is served only once every revision in
 * it, be it at 0 % behind a tag, is ready; one that failed fails the whole change, and what was served goes on.
 */
export function createRun(
  clock: VirtualClock,
  dice: Dice,
  faults: Faults,
  trace: Trace,
  watch: RunWatcher,
  readiness: (revision: WorldRevision) => void,
): Run {
  const services = new Map<string, WorldService>();
  const revisions = new Map<string, WorldRevision>();
  const histories = new Map<string, { at: number; serving: readonly TrafficTarget[] }[]>();
  const idOf = (service: string, name: string): string => `${service}/${name}`;

  const shares = (targets: readonly TrafficTarget[]): string =>
    targets
      .filter(({ percent }) => percent > 0)
      .map(({ revision, percent }) => `${revision ?? 'latest'} ${percent} %`)
      .join(', ');

  const observe = (name: string, part: Partial<WorldService>): void => {
    const before = services.get(name);
    if (!before) return;
    const latestServed = part.serving ? before.latestReady : before.latestServed;
    const after = { ...before, ...part, observed: before.generation, latestServed };
    services.set(name, after);
    if (part.serving) {
      trace(`Cloud Run serves ${name}: ${shares(after.serving)}`);
      histories.get(name)?.push({ at: clock.now(), serving: after.serving });
      for (const { revision, percent } of after.serving) {
        const served = revision === undefined ? undefined : revisions.get(idOf(name, revision));
        if (served && percent > 0) served.firstTrafficAt ??= clock.now();
      }
      watch.served(before, after);
    } else trace(`Cloud Run cannot serve ${name}: ${after.failure ?? ''}`);
  };

  /** What keeps the traffic from being served; `wait` while a revision in it is still coming up. */
  const obstacle = ({ name, traffic }: WorldService): string | undefined => {
    const states = traffic.map(({ revision }) =>
      revision === undefined ? undefined : revisions.get(idOf(name, revision)),
    );
    const failed = states.find((revision) => revision?.ready === 'no');
    if (failed) return `Revision '${failed.name}' is not ready and cannot serve traffic.`;
    return states.some((revision) => revision?.ready === 'not-yet') ? 'wait' : undefined;
  };

  const reconcile = (name: string, generation: number): void => {
    const service = services.get(name);
    if (service?.generation !== generation || service.observed === generation) return;
    const key = `${name} at ${generation}`;
    const why = obstacle(service);
    if (why === 'wait')
      clock.after(1_000, () => {
        reconcile(name, generation);
      });
    else if (why !== undefined) observe(name, { failure: why });
    else if (faults.draw(`reconcile ${key}`, ['not-served']))
      observe(name, { failure: 'The service could not be reconciled: internal error.' });
    else observe(name, { serving: service.traffic, failure: undefined });
  };

  const change: Run['change'] = (name, etag, by, part) => {
    const before = services.get(name);
    if (before ? etagOf(before) !== etag : etag !== undefined) return false;
    const { traffic } = part;
    if (traffic) {
      const total = traffic.reduce((sum, { percent }) => sum + percent, 0);
      if (total !== 100) throw invalid(`the percents of the traffic add up to ${total}`);
      const absent = traffic.find(
        ({ revision }) => revision !== undefined && !revisions.has(idOf(name, revision)),
      );
      if (absent) throw invalid(`revision ${absent.revision ?? ''} does not exist`);
    }
    const after: WorldService = {
      ...(before ?? {
        name,
        traffic: [],
        serving: [],
        generation: 0,
        observed: 0,
        failure: undefined,
        open: false,
        latestReady: undefined,
        latestServed: undefined,
      }),
      ...part,
      generation: (before?.generation ?? 0) + 1,
      lastModifier: by.actor,
    };
    services.set(name, after);
    if (!before) histories.set(name, []);
    trace(
      `${by.key} asks ${name} (${after.generation}): ${shares(after.traffic)}${after.open ? '' : ', closed'}`,
    );
    watch.asked(before, after, by);
    const key = `reconcile ${name} ${after.generation}`;
    const slow = faults.draw(key, ['slow-reconcile']);
    clock.after(slow ? dice.between(key, 20_000, 120_000) : dice.between(key, 300, 6_000), () => {
      reconcile(name, after.generation);
    });
    return true;
  };

  const readService = (service: WorldService): RunService => ({
    name: service.name,
    etag: etagOf(service),
    url: `https://${service.name}.run.example`,
    traffic: service.traffic,
    serving: service.serving.map((target) => ({
      ...target,
      revision: target.revision ?? service.latestReady,
      url: target.tag === undefined ? undefined : tagUrl(service.name, target.tag),
    })),
    settled: service.observed === service.generation,
    failure: service.observed === service.generation ? service.failure : undefined,
    open: service.open,
    lastModifier: service.lastModifier,
  });

  const readRevision = (revision: WorldRevision): RunRevision => ({
    name: revision.name,
    labels: revision.labels,
    annotations: revision.annotations,
    image: revision.image,
    ready: revision.ready,
    message: revision.ready === 'no' ? 'The container failed to start and listen on PORT=8080.' : '',
  });

  const revisionsOf = (service: string): WorldRevision[] =>
    [...revisions.values()].filter((revision) => revision.service === service);

  /** A write that an etag guards: its lost answer looks like somebody else's change. */
  const guarded = [...errors, 'conflict-after'] as const;

  return {
    service: (name) => services.get(name),
    services: () => [...services.values()],
    revision: (service, name) => revisions.get(idOf(service, name)),
    revisions: revisionsOf,
    history: (service) => histories.get(service) ?? [],
    change,
    moment: ({ readyAt, firstTrafficAt }) => ({
      readyForMs: readyAt === undefined ? 0 : clock.now() - readyAt,
      trafficForMs: firstTrafficAt === undefined ? undefined : clock.now() - firstTrafficAt,
    }),
    addRevision(made) {
      const revision: WorldRevision = {
        ...made,
        madeAt: clock.now(),
        ready: 'not-yet',
        readyAt: undefined,
        firstTrafficAt: undefined,
      };
      revisions.set(idOf(made.service, made.name), revision);
      trace(`Cloud Run makes ${made.name} (${made.artifact.nature})`);
      clock.after(made.artifact.startMs, () => {
        revision.ready = made.artifact.nature === 'unstartable' ? 'no' : 'yes';
        revision.readyAt = clock.now();
        const service = services.get(made.service);
        if (service && revision.ready === 'yes') {
          // Followed only as long as it is what is asked for.
          const follows = service.traffic.some((target) => target.revision === undefined);
          const latestServed = follows ? made.name : service.latestServed;
          services.set(made.service, { ...service, latestReady: made.name, latestServed });
        }
        trace(`revision ${made.name} is ${revision.ready === 'yes' ? 'ready' : 'not ready'}`);
        readiness(revision);
      });
    },
    cloudRun: (invocation) => ({
      service: (name) =>
        invocation.call(`service ${name}`, () => {
          const service = services.get(name);
          return service && readService(service);
        }),
      revision: (service, name) =>
        invocation.call(`revision ${name}`, () => {
          const revision = revisions.get(idOf(service, name));
          return revision && readRevision(revision);
        }),
      revisions: (service) =>
        invocation.call(`revisions of ${service}`, () =>
          revisionsOf(service).map(({ name, labels, madeAt }) => ({
            name,
            labels,
            createdAt: new Date(madeAt).toISOString(),
          })),
        ),
      setTraffic: (service, traffic) =>
        invocation.call(
          `traffic ${service.name}`,
          () => change(service.name, service.etag, invocation, { traffic }),
          guarded,
          { conflict: false },
        ),
      setOpen: (service, open) =>
        invocation.call(
          `open ${service.name}`,
          () => change(service.name, service.etag, invocation, { open }),
          guarded,
          { conflict: false },
        ),
      deleteRevision: (service, name) =>
        invocation.call(`delete ${name}`, () => {
          const owner = services.get(service);
          const named = [...(owner?.traffic ?? []), ...(owner?.serving ?? [])];
          const newest = revisionsOf(service).at(-1)?.name;
          if (named.some(({ revision }) => revision === name) || newest === name) return false;
          revisions.delete(idOf(service, name));
          trace(`${invocation.key} deletes ${name}`);
          return true;
        }),
    }),
  };
}
