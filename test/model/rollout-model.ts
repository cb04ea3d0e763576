import type { RunRevision, RunService, TrafficTarget } from '../../functions/platform/cloud-run.ts';
import type { Bucket } from '../../functions/platform/cloud-storage.ts';
import { openLedger, type Ledger } from '../../functions/release/ledger.ts';
import { candidateTag, objects } from '../../functions/release/naming.ts';
import type { Release } from '../../functions/release/release.ts';
import type { ServiceRecord, Shares } from '../../functions/release/service-record.ts';
import type { RolloutPorts } from '../../functions/rollout/ports.ts';
import { latest, sharesOf } from '../../functions/rollout/shares.ts';
import type { CandidatePorts } from '../../scripts/builder/create-candidate.ts';
import type { Take } from './explore.ts';

/** The world of one service, as a value. */
export interface RolloutModel {
  readonly bucket: Record<string, { text: string; generation: number }>;
  readonly run: {
    etag: number;
    traffic: TrafficTarget[];
    serving: TrafficTarget[];
    lastModifier: string;
    /** What a pin to the latest leads to. What a build makes does not become ready while it lasts. */
    readonly latestReady: string;
    /** By builds, beside those that the records began with. */
    made: readonly string[];
  };
  /** What a person has set by hand: nobody but a person may change it, but for a pin to the latest, which a deployment ends. */
  byHand: Shares | undefined;
}

export const copyOf = ({ bucket, run, byHand }: RolloutModel): RolloutModel => ({
  bucket: { ...bucket },
  run: { ...run },
  byHand,
});

/** Contents are numbered: they are large, and few of them are different. */
export function keying(): (world: RolloutModel) => string {
  const numbers = new Map<string, number>();
  const numberOf = (text: string): number => {
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    return number;
  };
  return ({ bucket, run, byHand }) => {
    // Only those of markers are ever remembered: the ledger's own writes are done in one step.
    const stored = Object.keys(bucket)
      .sort()
      .map((name) => {
        const { text = '', generation = 0 } = bucket[name] ?? {};
        return `${name}:${numberOf(text)}${name.startsWith('active/') ? `:${generation}` : ''}`;
      });
    return [...stored, numberOf(JSON.stringify([run, byHand]))].join();
  };
}

const now = new Date('2026-02-01T12:00:00.000Z');

/** Undefined has no place in a value that is compared as JSON: an absent tag stays absent. */
const target = (revision: string, percent: number, tag?: string): TrafficTarget => ({
  revision,
  percent,
  tag,
});

export function modelOf(
  record: ServiceRecord,
  releases: readonly Release[],
  percents: Readonly<Record<string, number>>,
  latestReady: string,
): RolloutModel {
  const bucket: RolloutModel['bucket'] = {};
  const write = (object: string, value: unknown): void => {
    bucket[object] = { text: JSON.stringify(value), generation: 1 };
  };
  write(objects.service(record.service), record);
  for (const release of releases) write(objects.release(release), release);
  const traffic = [
    ...Object.entries(percents).map(([revision, percent]) => target(revision, percent)),
    ...releases.flatMap((release) =>
      release.candidate ? [target(release.candidate.revision, 0, candidateTag(release))] : [],
    ),
  ];
  return {
    bucket,
    run: { etag: 1, traffic, serving: traffic, lastModifier: 'nobody', latestReady, made: [] },
    byHand: undefined,
  };
}

export const sharesNow = ({ run }: RolloutModel): Shares => sharesOf(run.traffic);

/** Cloud Run follows what was asked of it. */
export function reconcile({ run }: RolloutModel): (({ run }: RolloutModel) => void) | undefined {
  if (JSON.stringify(run.traffic) === JSON.stringify(run.serving)) return undefined;
  return (world) => {
    world.run.serving = world.run.traffic;
  };
}

/** A person gives all traffic to whatever is ready last. */
export function setToLatest(world: RolloutModel): void {
  const tags = world.run.traffic.filter(({ tag }) => tag !== undefined);
  world.run.traffic = [{ revision: undefined, percent: 100, tag: undefined }, ...tags];
  world.run.etag += 1;
  world.run.lastModifier = 'ana';
  world.byHand = sharesNow(world);
}

/** A person changes the traffic in the console. */
export function setByHand(world: RolloutModel, percents: Readonly<Record<string, number>>): void {
  const tags = world.run.traffic.filter(({ tag }) => tag !== undefined);
  world.run.traffic = [...Object.entries(percents).map(([name, percent]) => target(name, percent)), ...tags];
  world.run.etag += 1;
  world.run.lastModifier = 'ana';
  world.byHand = sharesNow(world);
}

function bucketOf({ bucket }: RolloutModel): Bucket {
  const put = (object: string, text: string): string => {
    const generation = (bucket[object]?.generation ?? 0) + 1;
    bucket[object] = { text, generation };
    return String(generation);
  };
  return {
    name: 'model',
    read(object) {
      const stored = bucket[object];
      return Promise.resolve(stored && { text: stored.text, generation: String(stored.generation) });
    },
    writeIf: (object, text, generation) =>
      Promise.resolve(String(bucket[object]?.generation ?? 0) === generation ? put(object, text) : undefined),
    write(object, content) {
      put(object, String(content));
      return Promise.resolve();
    },
    remove(object, generation) {
      if (generation === undefined || String(bucket[object]?.generation) === generation)
        Reflect.deleteProperty(bucket, object);
      return Promise.resolve();
    },
    list: (prefix) =>
      Promise.resolve(
        Object.keys(bucket)
          .filter((name) => name.startsWith(prefix))
          .sort(),
      ),
  };
}

const never = (): never => {
  throw new Error('rollout does not do this');
};
/** What rollout does not need of the ledger. */
const unused = { create: never, services: never, marker: never, close: never };

export const ledgerOf = (world: RolloutModel): Ledger =>
  openLedger(bucketOf(world), { now: () => now, sleep: () => Promise.resolve() });

const serviceOf = ({ run }: RolloutModel): RunService => ({
  name: 'api',
  etag: String(run.etag),
  url: 'http://api',
  traffic: run.traffic,
  serving: run.serving.map((entry) => ({
    ...entry,
    revision: entry.revision ?? run.latestReady,
    url: entry.tag && `http://${entry.tag}`,
  })),
  settled: JSON.stringify(run.traffic) === JSON.stringify(run.serving),
  failure: undefined,
  open: true,
  lastModifier: run.lastModifier,
});

const readyRevision = (name: string): RunRevision => ({
  name,
  labels: {},
  annotations: {},
  image: 'image',
  ready: 'yes',
  message: '',
});

/** What the deploy step of a build meets, in front of the same world. */
export function deployPortsOf(take: Take<RolloutModel>): CandidatePorts {
  const step = async <T>(name: string, perform: (world: RolloutModel) => Promise<T>): Promise<T> =>
    (await take({ name, perform })) as T;
  const { service, updateService } = portsOf(take).ledger;
  return {
    records: { service, updateService },
    run: {
      service: (name) =>
        step('look at Cloud Run', ({ run }) =>
          Promise.resolve({
            etag: String(run.etag),
            url: '',
            traffic: run.traffic,
            latestReady: run.latestReady,
            serving: run.serving.map((target) => ({
              ...target,
              revision: target.revision ?? run.latestReady,
            })),
            lastModifier: run.lastModifier,
            tagUrls: {},
            name,
          }),
        ),
      revision: (_service, name) =>
        step(`look for ${name}`, ({ run, bucket }) => {
          const known = objects.release({ service: 'api', id: name.slice('api-'.length) }) in bucket;
          return Promise.resolve(known || run.made.includes(name) ? readyRevision(name) : undefined);
        }),
      create: () => Promise.reject(new Error('there is a service already')),
      update: (name, etag, { template, traffic }) =>
        step(`deploy ${JSON.stringify(sharesOf(traffic))}`, (world) => {
          const { run } = world;
          if (etag !== String(run.etag)) return Promise.resolve(new Error(`${name} was changed`));
          // What was pinned to the latest is pinned to what that is; nothing else may become of a person's traffic.
          if (world.byHand?.some(({ revision }) => revision === latest))
            world.byHand = [{ revision: run.latestReady, percent: 100 }];
          run.traffic = structuredClone([...traffic]);
          run.etag += 1;
          run.lastModifier = 'build';
          if (template?.revision) run.made = [...run.made, template.revision];
          return Promise.resolve(undefined);
        }),
    },
  };
}

/**
 * The ports of rollout, each of its calls a step. A call of the ledger is one step: the compare-and-set under it makes it
 * as good as one. `own`: the release that the process is about; a look at it begins a new round, and what was seen in the
 * round before is forgotten.
 */
export function portsOf(take: Take<RolloutModel>, own?: string): RolloutPorts {
  let seen: string | undefined;
  let last = '';
  const step = async <T>(
    name: string,
    perform: (world: RolloutModel) => Promise<T>,
    anew = false,
  ): Promise<T> => {
    const answer = (await take({ name, perform, anew })) as T;
    last = name;
    return answer;
  };
  const inLedger = <T>(name: string, act: (ledger: Ledger) => Promise<T>, anew = false): Promise<T> =>
    step(name, (world) => act(ledgerOf(world)), anew);
  // Within `takeBack` the release is looked at again; that is no new round.
  const isWithin = (): boolean => last.startsWith('request rollback');
  return {
    ledger: {
      ...unused,
      release: (key) =>
        inLedger(`read ${key.id}`, (ledger) => ledger.release(key), key.id === own && !isWithin()),
      service: (name) => inLedger('read the service record', (ledger) => ledger.service(name)),
      ofCommit: (service, commit) => inLedger('read siblings', (ledger) => ledger.ofCommit(service, commit)),
      record: (key, observation) =>
        inLedger(`record ${observation.kind} of ${key.id}`, (ledger) => ledger.record(key, observation)),
      updateService: (name, change) =>
        inLedger('update the service record', (ledger) => ledger.updateService(name, change)),
      requestRollback: (name, request, change) =>
        inLedger(`request rollback to ${request.revision}`, (ledger) =>
          ledger.requestRollback(name, request, change),
        ),
      active: () => inLedger('list what is active', (ledger) => ledger.active()),
      rollbackMarker: (name) => inLedger('read the marker', (ledger) => ledger.rollbackMarker(name)),
      closeRollback: (name, marker) =>
        inLedger('remove the marker', (ledger) => ledger.closeRollback(name, marker)),
    },
    run: {
      async service() {
        const service = await step('look at Cloud Run', (world) => Promise.resolve(serviceOf(world)));
        seen = JSON.stringify(service);
        return service;
      },
      // None of them ever fails: this is no step, for it is the same at any time.
      revision: (_service, name) => Promise.resolve(readyRevision(name)),
      revisions: () => Promise.resolve([]),
      setTraffic: (service, traffic) =>
        step(`ask for ${JSON.stringify(sharesOf(traffic))}`, (world) => {
          if (service.etag !== String(world.run.etag)) return Promise.resolve(false);
          world.run.traffic = structuredClone([...traffic]);
          world.run.etag += 1;
          world.run.lastModifier = 'slipway';
          return Promise.resolve(true);
        }),
      setOpen: () => Promise.resolve(true),
      deleteRevision: () => Promise.resolve(true),
    },
    topics: { publish: () => Promise.resolve() },
    log: () => undefined,
    answers: () => Promise.resolve(true),
    now: () => now,
    async sleep() {
      const looked = seen;
      // Looking again makes sense once there is something else to see.
      await take({
        name: 'wait',
        perform: () => Promise.resolve(null),
        possible: (world) => looked !== JSON.stringify(serviceOf(world)),
      });
    },
  };
}
