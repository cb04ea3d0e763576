import { topics } from '../../../functions/release/naming.ts';
import { subscriptions } from '../../../scripts/setup/messaging.ts';
import { createActors } from './actors.ts';
import { createBuilds } from './builds.ts';
import { createDice } from './dice.ts';
import { createFaults, ratesOf } from './faults.ts';
import { createFunctions, type Cloud, type Sabotage } from './functions.ts';
import { createHub } from './hub.ts';
import { createMessages } from './messages.ts';
import { createObserving, type ProbeWatcher } from './observing.ts';
import { createProcesses } from './processes.ts';
import { createRun, type RunWatcher } from './run.ts';
import { scenarioOf, type Size } from './scenario.ts';
import { createStore, type WriteWatcher } from './store.ts';
import { createTrace } from './trace.ts';
import { createVirtualClock } from './virtual-clock.ts';

export interface WorldOptions extends Size {
  readonly seed: number;
  /** Only these actions and faults happen; all of them if undefined. */
  readonly only?: { readonly actions: ReadonlySet<number>; readonly faults: ReadonlySet<string> };
  readonly sabotage?: Sabotage;
  /** Lines of the trace that are kept. */
  readonly traceLines?: number;
}

/** What happens in the world, for those who check it. */
export interface Watchers {
  readonly run: RunWatcher;
  readonly wrote: WriteWatcher;
  readonly probed: ProbeWatcher;
}

export type World = ReturnType<typeof createWorld>;

export const worldStart = Date.parse('2026-03-02T08:00:00Z');
const tickMs = 60_000;

/** A cloud, the pipeline in it, and people around it: all that happens follows from the seed. */
export function createWorld(options: WorldOptions, watch: Watchers) {
  const { seed, only, sabotage, traceLines = 300 } = options;
  const dice = createDice(seed);
  const clock = createVirtualClock(worldStart);
  const trace = createTrace(clock, worldStart, traceLines);
  const rates = ratesOf(dice);
  const faults = createFaults(dice, rates, only?.faults);
  const processes = createProcesses(clock, dice, faults, trace);

  // The parts know one another; each is there before the first event.
  const store = createStore(clock, trace, watch.wrote);
  const hub = createHub(clock, trace);
  const run = createRun(clock, dice, faults, trace, watch.run, ({ service, name }) => {
    const entry = { resource: { labels: { service_name: service, revision_name: name } } };
    // One failed revision writes two entries, and so does one that becomes ready more than once (trap 11).
    for (let count = dice.chance(`entries of ${name}`, 0.3) ? 2 : 1; count > 0; count -= 1)
      messages.publish(topics.runEvents, JSON.stringify(entry));
  });
  const builds = createBuilds(clock, dice, trace, processes, run, store, () => messages);
  const observing = createObserving(clock, dice, run, watch.probed);
  const deliver = createFunctions(() => cloud, processes, trace, sabotage);
  const messages = createMessages(clock, dice, faults, trace, deliver, subscriptions);
  const cloud: Cloud = { store, run, builds, hub, observing, messages };
  const actors = createActors(clock, dice, trace, processes, cloud);

  const all = scenarioOf(dice, options);
  const actions = all.filter(({ id }) => !only || only.actions.has(id));
  for (const action of actions)
    clock.after(action.at, () => {
      actors.act(action);
    });
  const tick = (): void => {
    messages.publish(topics.ticks, JSON.stringify({ tick: 'slipway-tick' }));
    clock.after(tickMs, tick);
  };
  clock.after(tickMs, tick);

  return { seed, startedAt: worldStart, clock, trace, rates, faults, processes, cloud, actors, actions };
}
