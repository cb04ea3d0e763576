import { z } from 'zod';

/** A threshold or a check of a finished test, as a case of a report. */
export interface SummaryCase {
  readonly suite: 'thresholds' | 'checks';
  readonly name: string;
  readonly ok: boolean;
  /** The figures it was judged by. */
  readonly figures: string;
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
export function readSummary(text: string): SummaryCase[] {
  const { success, data, error } = schema.safeParse(JSON.parse(text));
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
        figures: Object.entries(values)
          .map(
            ([name, value]) =>
              `${name}=${typeof value === 'number' ? Number(value.toFixed(3)) : String(value)}`,
          )
          .join(' '),
      }),
    ),
  );
  return [...thresholds, ...checksIn(data.root_group, [])];
}

function checksIn({ checks, groups }: Group, outer: readonly string[]): SummaryCase[] {
  return [
    ...Object.values(checks).map(({ name, passes, fails }): SummaryCase => ({
      suite: 'checks',
      name: [...outer, name].join(' › '),
      ok: fails === 0,
      figures: `${passes} of ${passes + fails} passed`,
    })),
    ...Object.values(groups).flatMap((inner) => checksIn(inner, [...outer, inner.name])),
  ];
}
