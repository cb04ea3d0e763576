import { z } from 'zod';
import { parseDurationMs } from './duration.ts';
import { exitCode, TestError } from './exit-code.ts';
import type { MetricDefinition, Tags } from './sample.ts';
import { hasValue } from './sink.ts';

const operators = {
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
  '==': (a: number, b: number) => a === b,
  '===': (a: number, b: number) => a === b,
  '!=': (a: number, b: number) => a !== b,
} as const;

export interface Threshold {
  /** As the script has it. */
  readonly source: string;
  /** The value it speaks of: `p(95)`, `rate`, `count`, … */
  readonly value: string;
  readonly operator: keyof typeof operators;
  readonly bound: number;
  readonly abortOnFail: boolean;
  readonly delayAbortEvalMs: number;
}

/** The thresholds of a metric, or of those of its samples that have certain tags. */
export interface MetricThresholds {
  /** As the script has it: `http_req_duration{scenario:spike}`. */
  readonly source: string;
  readonly metric: string;
  /** Undefined: all samples of the metric. */
  readonly tags: Tags | undefined;
  readonly thresholds: readonly Threshold[];
}

const invalid = (message: string, cause?: unknown): TestError =>
  new TestError(exitCode.invalidConfig, message, cause === undefined ? undefined : { cause });

const schema = z.record(
  z.string(),
  z.array(
    z.union([
      z.string(),
      z.strictObject({
        threshold: z.string(),
        abortOnFail: z.boolean().optional(),
        delayAbortEval: z.union([z.string(), z.number()]).optional(),
      }),
    ]),
  ),
);

/**
 * `options.thresholds` of a script; `metrics` are all that it can measure. Throws TestError (104) that names the
 * threshold: an unknown metric or value is a mistake, not a threshold that always holds.
 */
export function readThresholds(
  options: unknown,
  metrics: ReadonlyMap<string, MetricDefinition>,
): MetricThresholds[] {
  const { success, data, error } = schema.safeParse(options ?? {});
  if (!success) throw invalid(`options.thresholds: ${z.prettifyError(error)}`, error);
  return Object.entries(data).map(([source, list]) => {
    const { metric, tags } = readSelector(source);
    const definition = metrics.get(metric);
    if (!definition)
      throw invalid(
        `options.thresholds: there is no metric ${JSON.stringify(metric)}; known are ${[...metrics.keys()].join(', ')}`,
      );
    const thresholds = list.map((each) => {
      const {
        threshold,
        abortOnFail = false,
        delayAbortEval = 0,
      } = typeof each === 'string' ? { threshold: each } : each;
      const delayAbortEvalMs = parseDurationMs(delayAbortEval);
      if (delayAbortEvalMs === undefined)
        throw invalid(`options.thresholds[${source}]: delayAbortEval ${delayAbortEval} is no duration`);
      const expression = readExpression(threshold);
      if (!expression || !hasValue(definition.type, expression.value))
        throw invalid(
          `options.thresholds[${source}]: ${JSON.stringify(threshold)} says nothing about a ${definition.type}`,
        );
      return { ...expression, abortOnFail, delayAbortEvalMs };
    });
    return { source, metric, tags, thresholds };
  });
}

/** `metric` or `metric{tag:value,tag:value}`. */
export function readSelector(source: string): { metric: string; tags: Tags | undefined } {
  const [, metric, list] = /^([^{}\s]+)(?:\{([^{}]*)\})?$/.exec(source.trim()) ?? [];
  if (metric === undefined) throw invalid(`options.thresholds: ${JSON.stringify(source)} is no metric`);
  if (list === undefined) return { metric, tags: undefined };
  const tags = list.split(',').map((pair) => {
    const colon = pair.indexOf(':');
    if (colon < 1) throw invalid(`options.thresholds: ${JSON.stringify(source)} has tags without a value`);
    return [unquote(pair.slice(0, colon)), unquote(pair.slice(colon + 1))] as const;
  });
  return { metric, tags: Object.fromEntries(tags) };
}

const unquote = (text: string): string => text.trim().replace(/^(["'])(.*)\1$/, '$2');

/** `p(95)<200`. Undefined when it is no such comparison. */
export function readExpression(
  source: string,
): Pick<Threshold, 'source' | 'value' | 'operator' | 'bound'> | undefined {
  const [, value, operator, bound] =
    /^\s*([a-z]+(?:\([\d.]+\))?)\s*(<=|>=|===|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*$/.exec(source) ?? [];
  return value === undefined
    ? undefined
    : { source, value, operator: operator as Threshold['operator'], bound: Number(bound) };
}

export const holds = ({ operator, bound }: Threshold, value: number): boolean =>
  operators[operator](value, bound);

/** Whether samples with these tags count for a selector with those. */
export const matches = (selector: Tags, tags: Tags): boolean =>
  Object.entries(selector).every(([name, value]) => (tags[name] ?? '') === value);
