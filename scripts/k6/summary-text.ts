import { showDuration } from './duration.ts';
import type { IoLoad } from './io-thread.ts';
import type { MetricResult } from './measurements.ts';
import { notice } from './notice.ts';
import type { Contains } from './sample.ts';
import { valuesOf, type TestResult } from './summary-data.ts';

/** From this share on, requests queue in front of the thread that measures them. */
const tooBusy = 0.8;

const sections: readonly (readonly [title: string, prefixes: readonly string[]])[] = [
  ['HTTP', ['http_']],
  ['WEBSOCKET', ['ws_']],
  ['EXECUTION', ['iteration', 'dropped_', 'vus', 'group_']],
  ['NETWORK', ['data_']],
];

/** What the end of the test says, in the order of k6's own. The first line says whose figures these are. */
export function summaryText(result: TestResult, load: IoLoad, interrupted: number): string {
  const { metrics, checks } = result;
  const judged = metrics.filter(({ thresholds }) => thresholds.length > 0);
  const shown = metrics.filter(({ name }) => name !== 'checks' && !name.startsWith('checks{'));
  const sectionOf = ({ name }: MetricResult): string =>
    sections.find(([, prefixes]) => prefixes.some((prefix) => name.startsWith(prefix)))?.[0] ?? 'CUSTOM';
  const width = Math.max(0, ...shown.map(({ name }) => name.length)) + 3;
  const checkSum = metrics.find(({ name }) => name === 'checks')?.sink;
  const [passes = 0, fails = 0] = ['passes', 'fails'].map((name) => checkSum?.value(name, 0) ?? 0);
  return [
    notice,
    '',
    ...(judged.length === 0
      ? []
      : ['  █ THRESHOLDS', '', ...judged.flatMap((metric) => thresholdLines(metric)), '']),
    '  █ TOTAL RESULTS',
    '',
    ...(passes + fails === 0
      ? []
      : [
          `    checks_succeeded: ${percent(passes / (passes + fails))} ${passes} out of ${passes + fails}`,
          ...checks.map(({ name, group, passes: ok, fails: bad }) =>
            [
              `    ${bad === 0 ? '✓' : '✗'} ${group === '' ? '' : `${group.slice(2).replaceAll('::', ' › ')} › `}${name}`,
              bad === 0 ? '' : ` (${ok} of ${ok + bad} passed)`,
            ].join(''),
          ),
          '',
        ]),
    ...['CUSTOM', ...sections.map(([title]) => title)].flatMap((title) => {
      const own = shown.filter((metric) => sectionOf(metric) === title);
      return own.length === 0
        ? []
        : [
            `    ${title}`,
            ...own.map((metric) => `    ${metric.name.padEnd(width, '.')}: ${valueLine(metric, result)}`),
            '',
          ];
    }),
    `  ran ${showDuration(result.elapsedMs)}, ${interrupted} interrupted iterations`,
    `  the thread that measures was busy ${percent(load.busy)} of the time, and late by ${showDuration(load.delayP99Ms)} (p99), ${showDuration(load.delayMaxMs)} (max)`,
    ...(load.busy < tooBusy
      ? []
      : ['  that is too busy: the times above say more about this machine than about what was tested']),
    '',
  ].join('\n');
}

function thresholdLines({ name, thresholds, sink, definition }: MetricResult): string[] {
  return [
    `    ${name}${sink.count() === 0 ? ' (no samples)' : ''}`,
    ...thresholds.map(
      ({ threshold, value, ok }) =>
        `    ${ok ? '✓' : '✗'} '${threshold.source}' ${threshold.value}=${
          threshold.value === 'rate' && definition.type === 'rate'
            ? percent(value)
            : show(value, threshold.value === 'count' ? 'default' : definition.contains)
        }`,
    ),
  ];
}

function valueLine(metric: MetricResult, result: TestResult): string {
  const { definition, sink } = metric;
  const values = valuesOf(metric, result);
  const { contains } = definition;
  switch (definition.type) {
    case 'counter':
      return `${show(values.count ?? 0, contains)}  ${show(values.rate ?? 0, contains)}/s`;
    case 'gauge':
      return `${show(values.value ?? 0, contains)}  min=${show(values.min ?? 0, contains)} max=${show(values.max ?? 0, contains)}`;
    case 'rate':
      return `${percent(values.rate ?? 0)}  ${values.passes ?? 0} out of ${sink.count()}`;
    case 'trend':
      return Object.entries(values)
        .map(([name, value]) => `${name}=${name === 'count' ? value : show(value, contains)}`)
        .join(' ');
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;

function show(value: number, contains: Contains): string {
  switch (contains) {
    case 'time':
      return showDuration(value);
    case 'data':
      return value < 1000
        ? `${Math.round(value)} B`
        : value < 1e6
          ? `${(value / 1000).toFixed(1)} kB`
          : `${(value / 1e6).toFixed(1)} MB`;
    case 'default':
      return String(Number(value.toFixed(6)));
  }
}
