import { setMaxListeners } from 'node:events';
import { constantArrivals, rampingArrivals } from './arrivals.ts';
import type { Clock } from './clock.ts';
import type { Scenario } from './scenario.ts';
import { lengthMs } from './vu-demand.ts';
import { vuSteps } from './vu-steps.ts';

/** A virtual user as a scenario sees it. */
export interface ScenarioVu {
  /** Runs one iteration. Rejects only when this virtual user can run no more. */
  iterate(): Promise<void>;
  /** Ends the iteration under way, if there is one. */
  interrupt(): void;
}

export interface Execution {
  readonly vus: readonly ScenarioVu[];
  readonly clock: Clock;
  /** Aborts when the whole test is to end. */
  readonly stop: AbortSignal;
  /** An iteration was due and nobody was free for it. */
  readonly dropped: () => void;
}

/**
 * Runs a scenario from now to its end: no iteration begins after its time, those under way then have `gracefulStop` to
 * end by themselves. https://grafana.com/docs/k6/latest/using-k6/scenarios/executors/
 */
export async function execute(scenario: Scenario, execution: Execution): Promise<void> {
  const { clock, stop, vus } = execution;
  const began = clock.now();
  const over = new AbortController();
  const timeIsUp = clock.until(began + lengthMs(scenario), AbortSignal.any([stop, over.signal])).then(() => {
    over.abort();
  });
  const ended = new AbortController();
  const cut = timeIsUp
    .then(() => clock.until(clock.now() + scenario.gracefulStopMs, AbortSignal.any([stop, ended.signal])))
    .then(() => {
      if (!ended.signal.aborted) for (const vu of vus) vu.interrupt();
    });
  await work(scenario, execution, began, over.signal);
  ended.abort();
  over.abort();
  await cut;
}

function work(scenario: Scenario, execution: Execution, began: number, over: AbortSignal): Promise<unknown> {
  const { vus } = execution;
  switch (scenario.executor) {
    case 'shared-iterations': {
      let left = scenario.iterations;
      return Promise.all(vus.map((vu) => loop(vu, () => !over.aborted && left-- > 0)));
    }
    case 'per-vu-iterations':
      return Promise.all(
        vus.map((vu) => {
          let left = scenario.iterations;
          return loop(vu, () => !over.aborted && left-- > 0);
        }),
      );
    case 'constant-vus':
      return Promise.all(vus.map((vu) => loop(vu, () => !over.aborted)));
    case 'ramping-vus':
      return ramp(scenario, execution, began, over);
    case 'constant-arrival-rate':
      return arrive(constantArrivals(scenario.perSecond, scenario.durationMs), execution, began);
    case 'ramping-arrival-rate':
      return arrive(rampingArrivals(scenario.startPerSecond, scenario.stages), execution, began);
  }
}

async function loop(vu: ScenarioVu, goesOn: () => boolean): Promise<void> {
  while (goesOn()) await vu.iterate();
}

/** Begins iterations at given times, each on whichever virtual user is free. */
async function arrive(
  times: Iterable<number>,
  { vus, clock, dropped, stop }: Execution,
  began: number,
): Promise<void> {
  const free = [...vus];
  const running = new Set<Promise<void>>();
  for (const time of times) {
    await clock.until(began + time, stop);
    if (stop.aborted) break;
    const vu = free.shift();
    if (!vu) {
      dropped();
      continue;
    }
    const iteration = vu.iterate().then(() => {
      running.delete(iteration);
      free.push(vu);
    });
    running.add(iteration);
  }
  await Promise.all(running);
}

/** Lets more and fewer virtual users loop; one that is let go has `gracefulRampDown` for its last iteration. */
async function ramp(
  { startVus, stages, gracefulRampDownMs }: Extract<Scenario, { executor: 'ramping-vus' }>,
  { vus, clock }: Execution,
  began: number,
  over: AbortSignal,
): Promise<void> {
  const slots = vus.map((vu) => ({ vu, wanted: false, turn: 0, looping: Promise.resolve() }));
  const done = new AbortController();
  // Everybody who was let go listens.
  setMaxListeners(0, done.signal);
  const farewells: Promise<void>[] = [];
  for (const { atMs, vus: target } of vuSteps(startVus, stages)) {
    await clock.until(began + atMs, over);
    if (over.aborted) break;
    slots.forEach((slot, index) => {
      const wanted = index < target;
      if (wanted === slot.wanted) return;
      slot.wanted = wanted;
      slot.turn += 1;
      const { turn } = slot;
      if (wanted) {
        slot.looping = slot.looping.then(() => loop(slot.vu, () => slot.wanted && !over.aborted));
      } else {
        const farewell = clock.until(clock.now() + gracefulRampDownMs, done.signal).then(() => {
          if (!done.signal.aborted && slot.turn === turn) slot.vu.interrupt();
        });
        farewells.push(farewell);
      }
    });
  }
  await clock.until(began + stages.reduce((sum, { durationMs }) => sum + durationMs, 0), over);
  await Promise.all(slots.map(({ looping }) => looping));
  done.abort();
  await Promise.all(farewells);
}
