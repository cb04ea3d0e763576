import { z } from 'zod';
import { exitCode, TestError } from './exit-code.ts';
import {
  duration,
  scenarioSchema,
  some,
  stages,
  texts,
  toScenario,
  whole,
  type Scenario,
} from './scenario.ts';
import { percentOf } from './sink.ts';

/** What each virtual user has to know of the options. */
export interface RequestOptions {
  readonly tags: Readonly<Record<string, string>>;
  readonly userAgent: string;
  readonly maxRedirects: number;
  readonly discardResponseBodies: boolean;
  readonly noConnectionReuse: boolean;
  readonly insecureSkipTlsVerify: boolean;
  readonly throwOnFailure: boolean;
}

export interface TestOptions {
  readonly scenarios: readonly Scenario[];
  readonly requests: RequestOptions;
  readonly setupTimeoutMs: number;
  readonly teardownTimeoutMs: number;
  readonly summaryTrendStats: readonly string[];
  /** Read by `readThresholds`, which has to know the metrics of the script. */
  readonly thresholds: unknown;
}

const schema = z.strictObject({
  scenarios: z.record(z.string().regex(/^[\w-]+$/), scenarioSchema).optional(),
  vus: some.optional(),
  iterations: some.optional(),
  duration: duration.optional(),
  stages: stages.optional(),
  thresholds: z.unknown().optional(),
  tags: texts.default({}),
  setupTimeout: duration.default(60_000),
  teardownTimeout: duration.default(60_000),
  summaryTrendStats: z
    .array(
      z
        .string()
        .refine(
          (name) => ['avg', 'min', 'med', 'max', 'count'].includes(name) || percentOf(name) !== undefined,
        ),
    )
    .default(['avg', 'min', 'med', 'max', 'p(90)', 'p(95)']),
  userAgent: z.string().default('slipway-k6-subset/1.0'),
  maxRedirects: whole.default(10),
  discardResponseBodies: z.boolean().default(false),
  noConnectionReuse: z.boolean().default(false),
  insecureSkipTLSVerify: z.boolean().default(false),
  throw: z.boolean().default(false),
});

/** A script's `options`. Throws TestError (104) that names the option, executor or value that is unknown or wrong. */
export function readOptions(options: unknown, exported: readonly string[]): TestOptions {
  const { success, data, error } = schema.safeParse(options ?? {});
  if (!success)
    throw new TestError(
      exitCode.invalidConfig,
      `options that this runner of a subset of k6 cannot use:\n${z.prettifyError(error)}`,
      { cause: error },
    );
  const scenarios =
    data.scenarios === undefined
      ? [toScenario('default', scenarioSchema.parse(shortcut(data)))]
      : Object.entries(data.scenarios).map(([name, each]) => toScenario(name, each));
  if (data.scenarios !== undefined) {
    const both = (['vus', 'iterations', 'duration', 'stages'] as const).filter(
      (key) => data[key] !== undefined,
    );
    if (both.length > 0)
      throw new TestError(
        exitCode.invalidConfig,
        `options.${both.join(', ')} and options.scenarios exclude one another`,
      );
  }
  for (const { name, exec } of scenarios)
    if (!exported.includes(exec))
      throw new TestError(
        exitCode.invalidConfig,
        `scenario ${name}: the script exports no function ${JSON.stringify(exec)}`,
      );
  return {
    scenarios,
    requests: {
      tags: data.tags,
      userAgent: data.userAgent,
      maxRedirects: data.maxRedirects,
      discardResponseBodies: data.discardResponseBodies,
      noConnectionReuse: data.noConnectionReuse,
      insecureSkipTlsVerify: data.insecureSkipTLSVerify,
      throwOnFailure: data.throw,
    },
    setupTimeoutMs: data.setupTimeout,
    teardownTimeoutMs: data.teardownTimeout,
    summaryTrendStats: data.summaryTrendStats,
    thresholds: data.thresholds,
  };
}

/** The scenario that `vus`, `iterations`, `duration` and `stages` stand for. */
function shortcut({ vus, iterations, duration: length, stages: ramp }: z.output<typeof schema>): unknown {
  if (ramp)
    return {
      executor: 'ramping-vus',
      startVUs: vus ?? 1,
      stages: ramp.map(({ durationMs, target }) => ({ duration: durationMs, target })),
    };
  if (iterations !== undefined)
    return {
      executor: 'shared-iterations',
      vus,
      iterations,
      ...(length === undefined ? {} : { maxDuration: length }),
    };
  return length === undefined
    ? { executor: 'shared-iterations', vus, iterations: 1 }
    : { executor: 'constant-vus', vus, duration: length };
}
