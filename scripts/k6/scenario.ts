import { z } from 'zod';
import type { Stage } from './arrivals.ts';
import { parseDurationMs } from './duration.ts';
import { exitCode, TestError } from './exit-code.ts';

interface Common {
  readonly name: string;
  readonly exec: string;
  readonly startTimeMs: number;
  readonly gracefulStopMs: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

export type Scenario = Common &
  (
    | {
        readonly executor: 'shared-iterations' | 'per-vu-iterations';
        readonly vus: number;
        readonly iterations: number;
        readonly maxDurationMs: number;
      }
    | { readonly executor: 'constant-vus'; readonly vus: number; readonly durationMs: number }
    | {
        readonly executor: 'ramping-vus';
        readonly startVus: number;
        readonly stages: readonly Stage[];
        readonly gracefulRampDownMs: number;
      }
    | {
        readonly executor: 'constant-arrival-rate';
        readonly perSecond: number;
        readonly durationMs: number;
        readonly maxVus: number;
      }
    | {
        readonly executor: 'ramping-arrival-rate';
        readonly startPerSecond: number;
        /** Targets per second. */
        readonly stages: readonly Stage[];
        readonly maxVus: number;
      }
  );

/** As k6 writes it; milliseconds when read. */
export const duration = z.union([z.string(), z.number()]).transform((text, context) => {
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no duration such as "1m30s"` });
  return z.NEVER;
});
export const whole = z.int().nonnegative();
export const some = z.int().positive();
export const texts = z.record(z.string(), z.coerce.string());
export const stages = z
  .array(z.strictObject({ duration, target: whole }))
  .nonempty()
  .transform((list): Stage[] => list.map((each) => ({ durationMs: each.duration, target: each.target })));

const common = {
  exec: z.string().default('default'),
  startTime: duration.default(0),
  gracefulStop: duration.default(30_000),
  tags: texts.default({}),
  env: texts.default({}),
};
const maxDuration = duration.default(600_000);

/** One entry of `options.scenarios`. */
export const scenarioSchema = z.discriminatedUnion('executor', [
  z.strictObject({
    executor: z.literal('shared-iterations'),
    ...common,
    vus: some.default(1),
    iterations: some.default(1),
    maxDuration,
  }),
  z.strictObject({
    executor: z.literal('per-vu-iterations'),
    ...common,
    vus: some.default(1),
    iterations: some.default(1),
    maxDuration,
  }),
  z.strictObject({ executor: z.literal('constant-vus'), ...common, vus: some.default(1), duration }),
  z.strictObject({
    executor: z.literal('ramping-vus'),
    ...common,
    startVUs: whole.default(1),
    stages,
    gracefulRampDown: duration.default(30_000),
  }),
  z.strictObject({
    executor: z.literal('constant-arrival-rate'),
    ...common,
    rate: some,
    timeUnit: duration.default(1000),
    duration,
    preAllocatedVUs: some,
    maxVUs: some.optional(),
  }),
  z.strictObject({
    executor: z.literal('ramping-arrival-rate'),
    ...common,
    startRate: whole.default(0),
    timeUnit: duration.default(1000),
    stages,
    preAllocatedVUs: some,
    maxVUs: some.optional(),
  }),
]);

/** Throws TestError (104) when it makes no sense. */
export function toScenario(name: string, read: z.output<typeof scenarioSchema>): Scenario {
  const { exec, tags, env } = read;
  const base = { name, exec, tags, env, startTimeMs: read.startTime, gracefulStopMs: read.gracefulStop };
  switch (read.executor) {
    case 'shared-iterations':
    case 'per-vu-iterations':
      if (read.executor === 'shared-iterations' && read.iterations < read.vus)
        throw new TestError(
          exitCode.invalidConfig,
          `scenario ${name}: ${read.iterations} iterations cannot be shared among ${read.vus} virtual users`,
        );
      return {
        ...base,
        executor: read.executor,
        vus: read.vus,
        iterations: read.iterations,
        maxDurationMs: read.maxDuration,
      };
    case 'constant-vus':
      return { ...base, executor: read.executor, vus: read.vus, durationMs: read.duration };
    case 'ramping-vus':
      return {
        ...base,
        executor: read.executor,
        startVus: read.startVUs,
        stages: read.stages,
        gracefulRampDownMs: read.gracefulRampDown,
      };
    case 'constant-arrival-rate':
      return {
        ...base,
        executor: read.executor,
        perSecond: (read.rate * 1000) / read.timeUnit,
        durationMs: read.duration,
        maxVus: Math.max(read.maxVUs ?? 0, read.preAllocatedVUs),
      };
    case 'ramping-arrival-rate':
      return {
        ...base,
        executor: read.executor,
        startPerSecond: (read.startRate * 1000) / read.timeUnit,
        stages: read.stages.map(({ durationMs, target }) => ({
          durationMs,
          target: (target * 1000) / read.timeUnit,
        })),
        maxVus: Math.max(read.maxVUs ?? 0, read.preAllocatedVUs),
      };
  }
}
