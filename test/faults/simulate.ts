import { activeRelease, objects } from '../../functions/release/naming.ts';
import { checkEnd, whatItWaitsFor } from './checks/end-checks.ts';
import { createRecordChecks } from './checks/record-checks.ts';
import { recordsOf, type Records } from './checks/records.ts';
import { createTrafficChecks } from './checks/traffic-checks.ts';
import type { Violate, Violation } from './checks/violation.ts';
import { createDetection } from './detection.ts';
import { countFigures, type Figures } from './figures.ts';
import type { Injected } from './world/faults.ts';
import { createWorld, worldStart, type World, type WorldOptions } from './world/world.ts';

export interface SimulationOptions extends WorldOptions {
  /** How long everything has to come to an end, where less than usual is enough to know. */
  readonly restMinutes?: number;
}

export interface Result {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly traceHash: string;
  readonly trace: readonly string[];
  readonly injected: readonly Injected[];
  /** The actions that took place. */
  readonly actions: readonly number[];
  readonly figures: Figures;
}

const minute = 60_000;
/** After the last of what people do, with all faults over, everything has to come to an end within this time. */
const mostRestMinutes = 150;
/** Messages that a crash has kept back come again by then. */
const lateMinutes = 12;
/** Nothing moves for so long: longer than Pub/Sub waits before it brings a message again. */
const stillMinutes = 16;

/** One world from its seed to its rest, checked all the way; it ends at the first violation. */
export async function simulate(options: SimulationOptions): Promise<Result> {
  const found: Violation[] = [];
  let moved = worldStart;
  // The checks look at the world that they are a part of: nothing happens before it is there.
  const parts: { world?: World; records?: Records } = {};
  const there = (): World => {
    if (!parts.world) throw new Error('something happens before there is a world');
    return parts.world;
  };
  const run = (): World['cloud']['run'] => there().cloud.run;
  const records = (): Records => (parts.records ??= recordsOf(there().cloud.store));
  const now = (): number => there().clock.now();
  const violate: Violate = (invariant, service, text) => {
    found.push({ invariant, service, text, at: Math.round(now() - worldStart) });
  };
  const enough = (): boolean => found.length > 0;

  const detection = createDetection((service, revision) => {
    const { rollbackRequest } = records().service(service);
    return rollbackRequest?.release !== undefined && revision === `${service}-${rollbackRequest.release}`;
  });
  const recordChecks = createRecordChecks(run, now, violate, (service) => {
    trafficChecks.spoken(service);
  });
  const trafficChecks = createTrafficChecks(run, records, now, recordChecks.frozenSince, violate);
  const world = createWorld(options, {
    run: {
      asked: trafficChecks.asked,
      served(before, after) {
        trafficChecks.served(before, after);
        detection.served(after, now());
      },
    },
    wrote(object, before, after, by) {
      if (/^(releases|services)\//.test(object)) moved = now();
      recordChecks.wrote(object, before, after, by);
    },
    probed: (revision, probe) => {
      detection.probed(revision, probe, now());
    },
  });
  parts.world = world;
  const { clock } = world;

  const lastAction = Math.max(0, ...world.actions.map(({ at }) => at));
  await clock.run(worldStart + lastAction + 4 * minute, enough);
  world.faults.stop();
  if (!enough()) world.trace('● from now on everything works');
  const calm = clock.now();
  while (!enough() && clock.now() < calm + (options.restMinutes ?? mostRestMinutes) * minute) {
    await clock.run(clock.now() + minute, enough);
    const late = clock.now() - calm > lateMinutes * minute;
    if (late && isAtRest(world, records(), clock.now() - moved)) break;
  }
  if (!enough()) checkEnd(world, records(), violate);

  return {
    seed: options.seed,
    violation: found[0],
    traceHash: world.trace.hash,
    trace: world.trace.tail,
    injected: world.faults.injected,
    actions: world.actions.map(({ id }) => id),
    figures: countFigures(world, records(), detection.delays()),
  };
}

/** Nothing is under way any more, or what is waits for people and has not moved for long. */
function isAtRest(world: World, records: Records, unmovedMs: number): boolean {
  const { store, builds } = world.cloud;
  if (builds.all.some(({ endedAt }) => endedAt === undefined)) return false;
  const still = unmovedMs > stillMinutes * minute;
  const releases = records.releases();
  return store.names('active/').every((marker) => {
    const key = activeRelease(marker);
    const text = key && store.text(objects.release(key));
    if (!key || text === undefined) return still;
    const release = records.release(key.service, key.id);
    return still && release && whatItWaitsFor(release, records.service(key.service), releases) !== undefined;
  });
}
