import { describe, expect, test } from '@jest/globals';
import { execute, type ScenarioVu } from '../../../scripts/k6/executor.ts';
import { readOptions } from '../../../scripts/k6/options.ts';
import { vusOf } from '../../../scripts/k6/vu-demand.ts';
import { createVirtualClock } from './virtual-time.ts';

interface Iteration {
  readonly vu: number;
  readonly from: number;
  to: number;
  interrupted: boolean;
}

/** Runs a scenario in virtual time, with iterations that take `takesMs`. */
async function run(options: Record<string, unknown>, takesMs: number, stopAtMs?: number) {
  const clock = createVirtualClock();
  const [scenario] = readOptions({ scenarios: { it: options } }, ['default']).scenarios;
  if (!scenario) throw new Error('no scenario');
  const iterations: Iteration[] = [];
  const stop = new AbortController();
  const counts = { dropped: 0 };
  const vus = Array.from({ length: vusOf(scenario) }, (_, vu): ScenarioVu => {
    let cut = new AbortController();
    return {
      async iterate() {
        cut = new AbortController();
        const own = cut.signal;
        const iteration = { vu, from: clock.now(), to: NaN, interrupted: false };
        iterations.push(iteration);
        await clock.until(clock.now() + takesMs, AbortSignal.any([own, stop.signal]));
        iteration.to = clock.now();
        iteration.interrupted = own.aborted || stop.signal.aborted;
      },
      interrupt() {
        cut.abort();
      },
    };
  });
  if (stopAtMs !== undefined)
    void clock.until(stopAtMs, stop.signal).then(() => {
      stop.abort();
    });
  await clock.run(execute(scenario, { vus, clock, stop: stop.signal, dropped: () => (counts.dropped += 1) }));
  return {
    iterations,
    completed: iterations.filter(({ interrupted }) => !interrupted).length,
    interrupted: iterations.filter(({ interrupted }) => interrupted).length,
    dropped: counts.dropped,
    endedAt: clock.now(),
    /** How many were running at that moment. */
    at: (time: number) => iterations.filter(({ from, to }) => from <= time && time < to).length,
  };
}

describe('executors, in virtual time', () => {
  test('shared-iterations: all of them, once, by whoever is free', async () => {
    const { completed, endedAt, iterations } = await run(
      { executor: 'shared-iterations', vus: 3, iterations: 10 },
      100,
    );
    expect({ completed, endedAt, vus: new Set(iterations.map(({ vu }) => vu)).size }).toEqual({
      completed: 10,
      endedAt: 400,
      vus: 3,
    });
  });

  test('per-vu-iterations: each as many', async () => {
    const { iterations, endedAt } = await run({ executor: 'per-vu-iterations', vus: 3, iterations: 4 }, 100);
    expect([0, 1, 2].map((vu) => iterations.filter((each) => each.vu === vu).length)).toEqual([4, 4, 4]);
    expect(endedAt).toBe(400);
  });

  test('maxDuration: nothing begins after it, and what runs then may end', async () => {
    const { completed, interrupted, endedAt } = await run(
      { executor: 'per-vu-iterations', vus: 1, iterations: 100, maxDuration: '250ms' },
      100,
    );
    expect({ completed, interrupted, endedAt }).toEqual({ completed: 3, interrupted: 0, endedAt: 300 });
  });

  test('constant-vus: as many iterations as fit, the last ones cut after gracefulStop', async () => {
    const { completed, interrupted, endedAt } = await run(
      { executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '100ms' },
      400,
    );
    expect({ completed, interrupted, endedAt }).toEqual({ completed: 4, interrupted: 2, endedAt: 1100 });
  });

  test('ramping-vus: follows its stages, one virtual user at a time', async () => {
    const { at, endedAt } = await run(
      {
        executor: 'ramping-vus',
        startVUs: 0,
        stages: [
          { duration: '4s', target: 4 },
          { duration: '2s', target: 4 },
          { duration: '4s', target: 0 },
        ],
      },
      10,
    );
    expect([500, 1500, 2500, 3500, 4500, 5500, 7500, 8500, 9500].map(at)).toEqual([
      0, 1, 2, 3, 4, 4, 3, 2, 1,
    ]);
    expect(endedAt).toBe(10_000);
  });

  test('ramping-vus: who is let go has gracefulRampDown, unless it is wanted again by then', async () => {
    const stages = [
      { duration: '1s', target: 2 },
      { duration: '0s', target: 1 },
      { duration: '1s', target: 1 },
      { duration: '0s', target: 2 },
      { duration: '4s', target: 2 },
    ];
    const options = { executor: 'ramping-vus', startVUs: 2, stages, gracefulStop: '0s' };
    const patient = await run({ ...options, gracefulRampDown: '3s' }, 2500);
    const strict = await run({ ...options, gracefulRampDown: '500ms' }, 2500);
    const second = (result: typeof patient) =>
      result.iterations
        .filter(({ vu }) => vu === 1)
        .map(({ from, to, interrupted }) => [from, to, interrupted]);
    expect(second(patient)).toEqual([
      [0, 2500, false],
      [2500, 5000, false],
      [5000, 6000, true],
    ]);
    expect(second(strict)).toEqual([
      [0, 1500, true],
      [2000, 4500, false],
      [4500, 6000, true],
    ]);
  });

  test('constant-arrival-rate: on time, however long they take, while somebody is free', async () => {
    const { iterations, dropped } = await run(
      { executor: 'constant-arrival-rate', rate: 20, duration: '2s', preAllocatedVUs: 10 },
      450,
    );
    expect(iterations.map(({ from }) => from)).toEqual(Array.from({ length: 40 }, (_, n) => n * 50));
    expect(dropped).toBe(0);
  });

  test('constant-arrival-rate: what finds nobody free is dropped, and counted', async () => {
    // 5 virtual users, each free again after 450 ms: 5 of every 9 or 10 that are due at 20/s.
    const { iterations, dropped, completed } = await run(
      { executor: 'constant-arrival-rate', rate: 20, duration: '2s', preAllocatedVUs: 5 },
      450,
    );
    expect(iterations.length + dropped).toBe(40);
    expect(iterations.map(({ from }) => from).slice(0, 7)).toEqual([0, 50, 100, 150, 200, 450, 500]);
    expect(completed).toBe(iterations.length);
    expect(dropped).toBe(16);
  });

  test('ramping-arrival-rate: as many as the area below the line', async () => {
    const { iterations, dropped } = await run(
      {
        executor: 'ramping-arrival-rate',
        startRate: 0,
        stages: [
          { duration: '2s', target: 10 },
          { duration: '3s', target: 10 },
          { duration: '2s', target: 0 },
        ],
        preAllocatedVUs: 5,
      },
      20,
    );
    const until = (time: number): number => iterations.filter(({ from }) => from <= time + 1e-6).length;
    expect([until(2000), until(5000), until(7000), dropped]).toEqual([10, 40, 50, 0]);
  });

  test.each([
    [{ executor: 'constant-vus', vus: 2, duration: '10s' }],
    [{ executor: 'ramping-vus', startVUs: 2, stages: [{ duration: '10s', target: 4 }] }],
    [{ executor: 'constant-arrival-rate', rate: 2, duration: '10s', preAllocatedVUs: 5 }],
    [{ executor: 'shared-iterations', vus: 2, iterations: 50 }],
  ])('a test that is stopped ends at once: $executor', async (options) => {
    const { endedAt, interrupted } = await run(options, 700, 1600);
    expect(endedAt).toBe(1600);
    expect(interrupted).toBeGreaterThan(0);
  });
});
