import type { Clock } from './clock.ts';
import { execute, type ScenarioVu } from './executor.ts';
import type { Measurements } from './measurements.ts';
import type { Call } from './messages.ts';
import type { TestOptions } from './options.ts';
import type { Scenario } from './scenario.ts';
import { vusOf } from './vu-demand.ts';
import type { Vu } from './vu.ts';

/** How often the thresholds that can abort a test are looked at, and the gauges are read. */
const lookMs = 2000;
const gaugeMs = 1000;

export interface Progress {
  readonly options: TestOptions;
  readonly users: readonly Vu[];
  readonly clock: Clock;
  readonly stop: AbortController;
  readonly stopAll: () => void;
  readonly measurements: Measurements;
  readonly data: unknown;
  readonly log: (line: string) => void;
}

/** Runs all scenarios, each from its start time on, with virtual users that they pass on to one another. */
export async function runScenarios(
  progress: Progress,
): Promise<{ readonly interrupted: number; readonly refused: string | undefined }> {
  const { options, users, clock, stop, stopAll, measurements, data, log } = progress;
  const free = [...users];
  const iterations = new Map<Vu, number>();
  const busy = new Set<Vu>();
  let interrupted = 0;
  let refused: string | undefined;

  const user = (vu: Vu, scenario: Scenario): ScenarioVu => ({
    async iterate() {
      if (stop.signal.aborted) return;
      const iteration = iterations.get(vu) ?? 0;
      iterations.set(vu, iteration + 1);
      busy.add(vu);
      const outcome = await vu.run(callOf(scenario, options, iteration, data));
      busy.delete(vu);
      if (outcome.kind === 'interrupted') interrupted += 1;
      if (outcome.kind === 'refused') {
        refused ??= outcome.what;
        stopAll();
      }
      if (outcome.kind === 'failed') log(`error: scenario ${scenario.name}: ${outcome.error.text}`);
    },
    interrupt: vu.interrupt,
  });
  const runScenario = async (scenario: Scenario): Promise<void> => {
    await clock.until(scenario.startTimeMs, stop.signal);
    if (stop.signal.aborted) return;
    const own = free.splice(0, vusOf(scenario));
    await execute(scenario, {
      vus: own.map((vu) => user(vu, scenario)),
      clock,
      stop: stop.signal,
      dropped: () => {
        measurements.add({
          tags: { ...options.requests.tags, scenario: scenario.name, ...scenario.tags },
          values: [['dropped_iterations', 1]],
        });
      },
    });
    free.push(...own);
  };

  const readGauges = (): void => {
    measurements.add({
      tags: {},
      values: [
        ['vus', busy.size],
        ['vus_max', users.length],
      ],
    });
  };
  const gauges = setInterval(readGauges, gaugeMs);
  const looks = setInterval(() => {
    const failed = measurements.aborting(clock.now());
    if (failed.length === 0 || stop.signal.aborted) return;
    log(`error: the test ends early, because of abortOnFail: ${failed.join(', ')}`);
    stopAll();
  }, lookMs);
  try {
    await Promise.all(options.scenarios.map(runScenario));
  } finally {
    clearInterval(gauges);
    clearInterval(looks);
  }
  readGauges();
  return { interrupted, refused };
}

const callOf = (scenario: Scenario, { requests }: TestOptions, iteration: number, data: unknown): Call => ({
  kind: 'call',
  exec: scenario.exec,
  arguments: [data],
  scenario: scenario.name,
  tags: scenario.tags,
  env: scenario.env,
  iteration,
  requests,
  isIteration: true,
});
