import { createHash } from 'node:crypto';
import type { CheckResult, MetricResult } from './measurements.ts';
import { notice } from './notice.ts';

/** What a test has come to. */
export interface TestResult {
  readonly metrics: readonly MetricResult[];
  readonly checks: readonly CheckResult[];
  readonly elapsedMs: number;
  readonly trendStats: readonly string[];
}

/** The values of a metric by their names in k6's summaries. */
export function valuesOf(
  { definition, sink }: MetricResult,
  { elapsedMs, trendStats }: TestResult,
): Record<string, number> {
  const names = {
    counter: ['count', 'rate'],
    gauge: ['value', 'min', 'max'],
    rate: ['rate', 'passes', 'fails'],
    trend: trendStats,
  }[definition.type];
  return Object.fromEntries(names.map((name) => [name, sink.value(name, elapsedMs) ?? 0]));
}

interface GroupData {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly groups: readonly GroupData[];
  readonly checks: readonly { name: string; path: string; id: string; passes: number; fails: number }[];
}

const idOf = (path: string): string => createHash('md5').update(path).digest('hex');

function groupData(checks: readonly CheckResult[], path: string): GroupData {
  const inner = new Set(
    checks
      .filter(({ group }) => group.startsWith(`${path}::`))
      .map(({ group }) => group.slice(path.length + 2).split('::')[0] ?? ''),
  );
  return {
    name: path.split('::').at(-1) ?? '',
    path,
    id: idOf(path),
    groups: [...inner].map((name) => groupData(checks, `${path}::${name}`)),
    checks: checks
      .filter(({ group }) => group === path)
      .map(({ name, passes, fails }) => ({
        name,
        path: `${path}::${name}`,
        id: idOf(`${path}::${name}`),
        passes,
        fails,
      })),
  };
}

/** What `handleSummary` gets. https://grafana.com/docs/k6/latest/results-output/end-of-test/custom-summary/ */
export function handleSummaryData(result: TestResult): unknown {
  return {
    root_group: groupData(result.checks, ''),
    options: { summaryTrendStats: result.trendStats, summaryTimeUnit: '', noColor: true },
    state: { isStdOutTTY: false, isStdErrTTY: false, testRunDurationMs: result.elapsedMs },
    metrics: Object.fromEntries(
      result.metrics.map((metric) => [
        metric.name,
        {
          type: metric.definition.type,
          contains: metric.definition.contains,
          values: valuesOf(metric, result),
          ...(metric.thresholds.length === 0
            ? {}
            : {
                thresholds: Object.fromEntries(
                  metric.thresholds.map(({ threshold, ok }) => [threshold.source, { ok }]),
                ),
              }),
        },
      ]),
    ),
  };
}

/** The file of `--summary-export`. A threshold is `true` there when it has *failed*, for which k6 is known. */
export function summaryExport(result: TestResult): unknown {
  const byName = (group: GroupData): unknown => ({
    ...group,
    groups: Object.fromEntries(group.groups.map((each) => [each.name, byName(each)])),
    checks: Object.fromEntries(group.checks.map((each) => [each.name, each])),
  });
  return {
    // k6 has no such field: whoever reads the figures can tell whose they are.
    runner: notice,
    root_group: byName(groupData(result.checks, '')),
    metrics: Object.fromEntries(
      result.metrics.map((metric) => {
        const { rate, ...others } = valuesOf(metric, result);
        const values =
          metric.definition.type === 'rate'
            ? { value: rate, ...others }
            : { ...others, ...(rate === undefined ? {} : { rate }) };
        return [
          metric.name,
          {
            ...values,
            ...(metric.thresholds.length === 0
              ? {}
              : {
                  thresholds: Object.fromEntries(
                    metric.thresholds.map(({ threshold, ok }) => [threshold.source, !ok]),
                  ),
                }),
          },
        ];
      }),
    ),
  };
}
