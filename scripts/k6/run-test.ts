import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { bundleScript } from './bundle-script.ts';
import { bundleThread } from './bundle-thread.ts';
import { createClock } from './clock.ts';
import { runScenarios } from './run-scenarios.ts';
import { exitCode, notSupported, TestError, type ExitCode } from './exit-code.ts';
import type { IoLoad, IoRequest } from './io-thread.ts';
import { createMeasurements, metricsByName, type Measurements } from './measurements.ts';
import type { Outcome } from './messages.ts';
import { readOptions, type TestOptions } from './options.ts';
import { handleSummaryData, type TestResult } from './summary-data.ts';
import { readThresholds } from './threshold.ts';
import { vuDemand } from './vu-demand.ts';
import { startVu, type Vu } from './vu.ts';

export interface TestRun {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
  /** Aborts: ends the test early, with the results so far. */
  readonly interrupted: AbortSignal;
}

export interface FinishedTest {
  readonly exitCode: ExitCode;
  readonly result: TestResult;
  readonly load: IoLoad;
  readonly interruptedIterations: number;
  /** What the script's `handleSummary` returned: texts by file name, `stdout` or `stderr`. */
  readonly ownSummary: Readonly<Record<string, string>> | undefined;
}

/** Runs a script to its end. Throws TestError when it cannot be run, or its setup or teardown fails. */
export async function runTest(run: TestRun): Promise<FinishedTest> {
  const bundle = await bundleScript(run.script);
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-k6-'));
  const vus: Vu[] = [];
  const io: { worker?: Worker } = {};
  try {
    const threads = { vu: path.join(folder, 'vu.mjs'), io: path.join(folder, 'io.mjs') };
    await Promise.all([bundleThread('vu-thread.ts', threads.vu), bundleThread('io-thread.ts', threads.io)]);
    const worker = new Worker(threads.io, { env: {} });
    io.worker = worker;
    const told: { measurements?: Measurements } = {};
    const start = async (number: number): Promise<Vu> => {
      const vu = await startVu(threads.vu, worker, { vu: number, env: run.env, ...bundle }, (message) => {
        if (message.kind === 'log') run.log(`${message.level}: ${message.text}`);
        else for (const group of message.groups) told.measurements?.add(group);
      });
      vus.push(vu);
      return vu;
    };

    // Everything that can be wrong with the script, before anything is measured.
    const first = await start(0);
    const options = readOptions(first.script.options, first.script.exported);
    const metrics = metricsByName(first.script.metrics);
    const thresholds = readThresholds(options.thresholds, metrics);
    const measurements = createMeasurements(metrics, thresholds);
    told.measurements = measurements;
    const count = vuDemand(options.scenarios);
    // A few at a time: all at once would only make each of them slower.
    const users: Vu[] = [];
    for (let n = 1; n <= count; n += 4)
      users.push(...(await Promise.all([0, 1, 2, 3].filter((k) => n + k <= count).map((k) => start(n + k)))));

    const data = await callOnce(first, 'setup', [], options, options.setupTimeoutMs, exitCode.setupTimeout);
    worker.postMessage({ kind: 'begin' } satisfies IoRequest);
    const clock = createClock();
    const stop = new AbortController();
    const stopAll = (): void => {
      stop.abort();
      for (const vu of users) vu.interrupt();
    };
    run.interrupted.addEventListener('abort', stopAll, { once: true });
    const progress = await runScenarios({
      options,
      users,
      clock,
      stop,
      stopAll,
      measurements,
      data,
      log: run.log,
    });
    if (progress.refused !== undefined) throw notSupported(progress.refused);
    const elapsedMs = clock.now();
    const load = await ask(worker);
    await callOnce(first, 'teardown', [data], options, options.teardownTimeoutMs, exitCode.teardownTimeout);

    const result: TestResult = {
      metrics: measurements.results(elapsedMs),
      checks: measurements.checks(),
      elapsedMs,
      trendStats: options.summaryTrendStats,
    };
    const ownSummary = await callOnce(
      first,
      'handleSummary',
      [handleSummaryData(result)],
      options,
      120_000,
      exitCode.scriptException,
    );
    const failed = result.metrics.some((metric) => metric.thresholds.some(({ ok }) => !ok));
    return {
      exitCode: run.interrupted.aborted
        ? exitCode.externalAbort
        : failed
          ? exitCode.thresholdsFailed
          : exitCode.ok,
      result,
      load,
      interruptedIterations: progress.interrupted,
      ownSummary: ownSummary as Record<string, string> | undefined,
    };
  } finally {
    await Promise.all([...vus.map((vu) => vu.end()), io.worker?.terminate()]);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Calls `setup`, `teardown` or `handleSummary`, if the script has it. */
async function callOnce(
  vu: Vu,
  exec: string,
  parameters: readonly unknown[],
  { requests }: TestOptions,
  timeoutMs: number,
  timeoutCode: ExitCode,
): Promise<unknown> {
  if (!vu.script.exported.includes(exec)) return undefined;
  const timer = setTimeout(vu.interrupt, timeoutMs);
  const outcome: Outcome = await vu.run({
    kind: 'call',
    exec,
    arguments: parameters,
    scenario: '',
    tags: { group: exec === 'handleSummary' ? '' : `::${exec}` },
    env: {},
    iteration: 0,
    requests,
    isIteration: false,
  });
  clearTimeout(timer);
  switch (outcome.kind) {
    case 'completed':
      return outcome.value;
    case 'interrupted':
      throw new TestError(timeoutCode, `${exec} has not ended within ${timeoutMs} ms`);
    case 'refused':
      throw notSupported(outcome.what);
    case 'failed':
      throw new TestError(exitCode.scriptException, `${exec} failed: ${outcome.error.text}`);
  }
}

function ask(io: Worker): Promise<IoLoad> {
  return new Promise((resolve) => {
    io.once('message', resolve);
    io.postMessage({ kind: 'load' } satisfies IoRequest);
  });
}
