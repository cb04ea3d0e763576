import type { RunService, TrafficTarget } from '../../functions/platform/cloud-run.ts';
import type { Bucket } from '../../functions/platform/cloud-storage.ts';
import { openLedger, type Ledger } from '../../functions/release/ledger.ts';
import { candidateTag, objects } from '../../functions/release/naming.ts';
import type { Release, ServiceRecord, Shares } from '../../functions/release/release.ts';
import type { RolloutPorts } from '../../functions/rollout/ports.ts';
import { sharesOf } from '../../functions/rollout/shares.ts';
import type { Take } from './explore.ts';

/** The world of one service, as a value. */
export interface RolloutModel {
  readonly bucket: Record<string, { text: string; generation: number }>;
  readonly run: { etag: number; traffic: TrafficTarget[]; serving: TrafficTarget[]; lastModifier: string };
  /** What a person has set by hand: nobody but a person may change it. */
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
    const stored = Object.keys(bucket)
      .sort()
      .map((name) => `${name}:${numberOf(bucket[name]?.text ?? '')}:${bucket[name]?.generation ?? 0}`);
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
  return { bucket, run: { etag: 1, traffic, serving: traffic, lastModifier: 'nobody' }, byHand: undefined };
}

export const sharesNow = ({ run }: RolloutModel): Shares => sharesOf(run.traffic);

/** Cloud Run follows what was asked of it. */
export function reconcile({ run }: RolloutModel): (({ run }: RolloutModel) => void) | undefined {
  if (JSON.stringify(run.traffic) === JSON.stringify(run.serving)) return undefined;
  return (world) => {
    world.run.serving = world.run.traffic;
  };
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

export const ledgerOf = (world: RolloutModel): Ledger =>
  openLedger(bucketOf(world), { now: () => now, sleep: () => Promise.resolve() });

const serviceOf = ({ run }: RolloutModel): RunService => ({
  name: 'api',
  etag: String(run.etag),
  url: 'http://api',
  traffic: run.traffic,
  serving: run.serving.map((entry) => ({ ...entry, url: entry.tag && `http://${entry.tag}` })),
  settled: JSON.stringify(run.traffic) === JSON.stringify(run.serving),
  failure: undefined,
  open: true,
  lastModifier: run.lastModifier,
});

/**
 * The ports of rollout, each of its calls a step. A call of the ledger is one step: the compare-and-set under it makes it
 * as good as one. `own`: the release that the process is about; a look at it begins a new round, and what was seen in the
 * round before is forgotten.
 */
export function portsOf(world: RolloutModel, take: Take, own?: string): RolloutPorts {
  const ledger = ledgerOf(world);
  let seen: string | undefined;
  let last = '';
  const step = async <T>(name: string, perform: () => Promise<T>, anew = false): Promise<T> => {
    const answer = (await take({ name, perform, anew })) as T;
    last = name;
    return answer;
  };
  // Within `takeBack` the release is looked at again; that is no new round.
  const isWithin = (): boolean => last.startsWith('request rollback') || last.startsWith('read revision');
  return {
    ledger: {
      ...ledger,
      release: (key) => step(`read ${key.id}`, () => ledger.release(key), key.id === own && !isWithin()),
      service: (name) => step('read the service record', () => ledger.service(name)),
      ofCommit: (service, commit) => step('read siblings', () => ledger.ofCommit(service, commit)),
      record: (key, observation) =>
        step(`record ${observation.kind} of ${key.id}`, () => ledger.record(key, observation)),
      updateService: (name, change) =>
        step('update the service record', () => ledger.updateService(name, change)),
      requestRollback: (name, request, change) =>
        step(`request rollback to ${request.revision}`, () => ledger.requestRollback(name, request, change)),
      rollbackMarker: (name) => step('read the marker', () => ledger.rollbackMarker(name)),
      closeRollback: (name, marker) => step('remove the marker', () => ledger.closeRollback(name, marker)),
    },
    run: {
      async service() {
        const service = await step('look at Cloud Run', () => Promise.resolve(serviceOf(world)));
        seen = JSON.stringify(service);
        return service;
      },
      revision: (_service, name) =>
        step(`read revision ${name}`, () =>
          Promise.resolve({
            name,
            labels: {},
            annotations: {},
            image: 'image',
            ready: 'yes' as const,
            message: '',
          }),
        ),
      revisions: () => Promise.resolve([]),
      setTraffic: (service, traffic) =>
        step(`ask for ${JSON.stringify(sharesOf(traffic))}`, () => {
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
      // Looking again makes sense once there is something else to see.
      await take({
        name: 'wait',
        perform: () => Promise.resolve(null),
        possible: () => seen !== JSON.stringify(serviceOf(world)),
      });
    },
  };
}
