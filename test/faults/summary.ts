import type { Figures } from './figures.ts';

/** The figures of many worlds together. */
export interface Summary extends Omit<Figures, 'detectionMs'> {
  readonly seeds: number;
  readonly failed: number;
  readonly detectionP50Seconds: number;
  readonly detectionP95Seconds: number;
  readonly detections: number;
  readonly seconds: number;
}

type Count = Exclude<keyof Figures, 'detectionMs'>;

const none: Record<Count, number> = {
  services: 0,
  releases: 0,
  events: 0,
  deliveries: 0,
  crashes: 0,
  apiFaults: 0,
  messageFaults: 0,
  platformFaults: 0,
  personsActions: 0,
  reachedLive: 0,
  automaticRollbacks: 0,
  needlessRollbacks: 0,
  freezes: 0,
  superseded: 0,
  deadLetters: 0,
  statusPosts: 0,
  virtualHours: 0,
};

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export function summarise(figures: readonly Figures[], failed: number, seconds: number): Summary {
  const sums = { ...none };
  for (const each of figures) for (const name of Object.keys(none) as Count[]) sums[name] += each[name];
  const delays = figures.flatMap(({ detectionMs }) => detectionMs);
  return {
    ...sums,
    seeds: figures.length,
    failed,
    detectionP50Seconds: percentile(delays, 0.5) / 1000,
    detectionP95Seconds: percentile(delays, 0.95) / 1000,
    detections: delays.length,
    seconds,
  };
}

const grouped = (value: number): string => Math.round(value).toLocaleString('en');

export const summaryLine = (summary: Summary): string =>
  `${summary.failed === 0 ? 'Every invariant held' : `${summary.failed} of ${summary.seeds} seeds failed`}: ${[
    `${grouped(summary.seeds)} seeds`,
    `${grouped(summary.releases)} releases`,
    `${grouped(summary.deliveries)} deliveries`,
    `${grouped(summary.crashes)} crashes`,
    `${grouped(summary.apiFaults)} API faults`,
    `${grouped(summary.personsActions)} actions of people`,
    `${grouped(summary.virtualHours)} h of virtual time in ${grouped(summary.seconds)} s`,
    `rollback after the first bad probe: p50 ${summary.detectionP50Seconds.toFixed(0)} s, p95 ${summary.detectionP95Seconds.toFixed(0)} s`,
  ].join(', ')}`;

/** As Markdown. */
export function summaryTable(summary: Summary): string {
  const rows: readonly (readonly [string, string])[] = [
    ['Seeds', grouped(summary.seeds)],
    ['Seeds in which an invariant did not hold', grouped(summary.failed)],
    ['Services', grouped(summary.services)],
    ['Releases', grouped(summary.releases)],
    ['… that were live at some time', grouped(summary.reachedLive)],
    ['… superseded', grouped(summary.superseded)],
    ['… taken back automatically', grouped(summary.automaticRollbacks)],
    [
      '… of which not for the revision itself: an alert, its set, Cloud Run, a policy that goes back when in doubt',
      grouped(summary.needlessRollbacks),
    ],
    ['Freezes', grouped(summary.freezes)],
    ['Actions of people', grouped(summary.personsActions)],
    ['Message deliveries', grouped(summary.deliveries)],
    ['… lost, late or duplicate', grouped(summary.messageFaults)],
    ['… put into the dead letters', grouped(summary.deadLetters)],
    ['Processes that died', grouped(summary.crashes)],
    ['API faults, before or after the effect', grouped(summary.apiFaults)],
    ['Traffic changes that Cloud Run could not serve, or only after long', grouped(summary.platformFaults)],
    ['Statuses posted to GitHub', grouped(summary.statusPosts)],
    ['Events', grouped(summary.events)],
    ['Virtual time', `${grouped(summary.virtualHours)} h`],
    [
      'From the first bad probe with traffic to the traffic without the revision',
      `p50 ${summary.detectionP50Seconds.toFixed(1)} s, p95 ${summary.detectionP95Seconds.toFixed(1)} s (${grouped(summary.detections)} times)`,
    ],
    ['Real time, one process', `${grouped(summary.seconds)} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const second = Math.max(...rows.map(([, value]) => value.length));
  const line = (a: string, b: string): string => `| ${a.padEnd(width)} | ${b.padEnd(second)} |`;
  return [
    line('', ''),
    `| ${'-'.repeat(width)} | ${'-'.repeat(second)} |`,
    ...rows.map(([a, b]) => line(a, b)),
  ].join('\n');
}
