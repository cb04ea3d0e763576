import { sleep, timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { Publisher } from '../core/links.ts';
import type { Table } from '../core/state.ts';
import { attempt } from './attempt.ts';
import { parseCron } from './cron.ts';
import type { Job } from './job.ts';
import { nextRun } from './next-run.ts';
import { retryAfterMs } from './retry.ts';

/** Timers of Node hold 31 bits of milliseconds; a job may be years away. */
const longestTimerMs = 12 * 3_600_000;

/** Runs jobs when their time has come. What was missed while the local cloud was down is not caught up. */
export interface Runner {
  /** Sets the job's timer to its next run and returns the job with its `scheduleTime`. */
  plan(job: Job): Job;
  /** Ends timer and retries of a job that is paused or deleted. */
  cancel(name: string): void;
  /** Runs a job now, beside its schedule. */
  runNow(job: Job): void;
  stop(): void;
}

export function createRunner(
  context: Pick<CloudContext, 'clock' | 'identity' | 'log'>,
  publisher: Publisher,
  jobs: Table<Job>,
): Runner {
  const { clock } = context;
  const timers = new Map<string, () => void>();
  /** One run of a job at a time, as on Google Cloud: a run that falls due meanwhile is left out. */
  const running = new Map<string, AbortController>();

  const record = (name: string, part: Partial<Job>): void => {
    const job = jobs.get(name);
    if (job) jobs.set(name, { ...job, ...part });
  };

  const run = async (job: Job, scheduleTime: string, signal: AbortSignal): Promise<void> => {
    const startedAt = clock.now();
    for (let count = 1; ; count += 1) {
      const status = await attempt(context, publisher, job, scheduleTime, signal);
      if (signal.aborted) return;
      record(job.name, { lastAttemptTime: timestamp(clock), status });
      if (status.code === undefined) return;
      context.log('warning', `job ${job.name}: attempt ${count} failed: ${status.message ?? ''}`);
      const waitMs = retryAfterMs(job.retryConfig, count, clock.now() - startedAt);
      if (waitMs === undefined) return;
      await sleep(clock, waitMs, signal);
    }
  };
  const begin = (job: Job, scheduleTime: string): void => {
    if (running.has(job.name)) return;
    const abort = new AbortController();
    running.set(job.name, abort);
    run(job, scheduleTime, abort.signal)
      .catch((error: unknown) => {
        context.log('error', `job ${job.name}: ${String(error)}`);
      })
      .finally(() => {
        if (running.get(job.name) === abort) running.delete(job.name);
      });
  };

  const arm = (name: string, dueAt: number): void => {
    timers.get(name)?.();
    const delayMs = Math.min(Math.max(0, dueAt - clock.now()), longestTimerMs);
    const cancelTimer = clock.after(delayMs, () => {
      const job = jobs.get(name);
      if (job?.state !== 'ENABLED') return;
      if (clock.now() < dueAt) {
        arm(name, dueAt);
        return;
      }
      jobs.set(name, plan(job));
      begin(job, new Date(dueAt).toISOString());
    });
    timers.set(name, cancelTimer);
  };
  const plan = (job: Job): Job => {
    const dueAt = nextRun(parseCron(job.schedule), job.timeZone, clock.now());
    arm(job.name, dueAt);
    return { ...job, scheduleTime: new Date(dueAt).toISOString() };
  };

  return {
    plan,
    cancel(name) {
      timers.get(name)?.();
      timers.delete(name);
      running.get(name)?.abort();
    },
    runNow(job) {
      begin(job, timestamp(clock));
    },
    stop() {
      for (const cancelTimer of timers.values()) cancelTimer();
      for (const abort of running.values()) abort.abort();
    },
  };
}
