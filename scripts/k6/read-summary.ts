import { z } from 'zod';
import { readExpression } from './threshold.ts';

/** A threshold or a check of a finished test, as a case of a report. */
export interface SummaryCase {
  readonly suite: 'thresholds' | 'checks';
  /** Of a threshold `METRIC: EXPRESSION`. */
  readonly name: string;
  readonly ok: boolean;
  /** What it was judged by: `p(95)=2034.1`, `9 of 10 passed`. */
  readonly measured: string;
}

export interface LoadSummary {
  readonly cases: readonly SummaryCase[];
  /** Whose figures these are, when they are not those of k6 itself. */
  readonly runner: string | undefined;
}

const numbers = z.record(z.string(), z.unknown());
const check = z.object({ name: z.string(), passes: z.number(), fails: z.number() });

interface Group {
  readonly name: string;
  readonly groups: Readonly<Record<string, Group>>;
  readonly checks: Readonly<Record<string, z.infer<typeof check>>>;
}
const group: z.ZodType<Group> = z.object({
  name: z.string(),
  groups: z.lazy(() => z.record(z.string(), group)),
  checks: z.record(z.string(), check),
});

const schema = z.object({
  runner: z.string().optional(),
  root_group: group,
  metrics: z.record(
    z.string(),
    z.intersection(numbers, z.object({ thresholds: z.record(z.string(), z.boolean()).optional() })),
  ),
});

/**
 * The thresholds and checks in a file of `--summary-export`, of k6 or of our runner. Throws when it has another form: k6
 * has a second one, behind `--new-machine-readable-summary`.
 */
export function readSummary(text: string): LoadSummary {
  const { success, data, error } = schema.safeParse(parse(text));
  if (!success)
    throw new Error(`the summary has not the form of k6's --summary-export: ${z.prettifyError(error)}`, {
      cause: error,
    });
  const thresholds = Object.entries(data.metrics).flatMap(([metric, { thresholds: own = {}, ...values }]) =>
    Object.entries(own).map(
      // `true` is a threshold that failed.
      ([source, failed]): SummaryCase => ({
        suite: 'thresholds',
        name: `${metric}: ${source}`,
        ok: !failed,
        measured: measuredBy(source, values),
      }),
    ),
  );
  return { cases: [...thresholds, ...checksIn(data.root_group, [])], runner: data.runner };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`the summary is no JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The value of which the threshold speaks; all of them when the summary has none by that name. */
function measuredBy(source: string, values: Readonly<Record<string, unknown>>): string {
  const name = readExpression(source)?.value ?? '';
  // The share of a rate is called `value` there.
  const value = values[name] ?? (name === 'rate' ? values.value : undefined);
  return value === undefined
    ? Object.entries(values)
        .map((pair) => show(...pair))
        .join(' ')
    : show(name, value);
}

const show = (name: string, value: unknown): string =>
  `${name}=${typeof value === 'number' ? Number(value.toFixed(3)) : String(value)}`;

function checksIn({ checks, groups }: Group, outer: readonly string[]): SummaryCase[] {
  return [
    ...Object.values(checks).map(({ name, passes, fails }): SummaryCase => ({
      suite: 'checks',
      name: [...outer, name].join(' › '),
      ok: fails === 0,
      measured: `${passes} of ${passes + fails} passed`,
    })),
    ...Object.values(groups).flatMap((inner) => checksIn(inner, [...outer, inner.name])),
  ];
}
