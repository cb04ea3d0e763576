import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Table } from '../core/state.ts';
import type { Distribution } from './distribution.ts';
import type { BucketOptions, DataPoint, MetricValue, Series, SeriesHead } from './resources.ts';

/** Points may be written for this long after their time, and are kept as long. */
export const retentionMs = 25 * 3_600_000;

/** Points are stored in one file for each stretch of this length. */
const chunkMs = 600_000;

/** What changes often is written this much later, together. */
const writeBehindMs = 1000;

/** A distribution with its buckets named by their place among the series' bucket options. */
type PackedDistribution = Omit<Distribution, 'bucketOptions'> & { readonly options: number };

interface StoredPoint extends DataPoint<Exclude<MetricValue, Distribution> | PackedDistribution> {
  readonly receivedMs: number;
}

/** What tells one series from another. */
export type SeriesKey = Pick<SeriesHead, 'project' | 'metric' | 'resource'>;

export interface SeriesRecord extends SeriesHead {
  /** The same in thousands of points, so it is kept once. */
  readonly bucketOptions: readonly BucketOptions[];
}

export interface PointChunk {
  readonly points: readonly StoredPoint[];
}

/** A point with the time at which it came in. */
export interface ReceivedPoint extends DataPoint {
  readonly receivedMs: number;
}

export interface StoredSeries extends Series {
  readonly points: readonly ReceivedPoint[];
}

/** Time series with their points, durable, the last 25 hours. */
export interface SeriesStore {
  /** The newest point of a series. */
  last(key: SeriesKey): ReceivedPoint | undefined;
  /** Adds a point that is newer than all others of its series; stored when this returns. */
  append(head: SeriesHead, point: ReceivedPoint): void;
  /**
   * Changes the newest point of a series, or makes one, for the time given: `change` gets the value there is. Stored
   * within a second, because it may happen with each request.
   */
  change(
    head: SeriesHead,
    time: Omit<ReceivedPoint, 'value'>,
    change: (before: MetricValue | undefined) => MetricValue,
  ): void;
  /** The series for which `matches` holds, in a stable order, with the points that end in (afterMs, untilMs]. */
  read(matches: (head: SeriesHead) => boolean, afterMs: number, untilMs: number): StoredSeries[];
  remove(matches: (head: SeriesHead) => boolean): void;
  /** Drops what is too old. */
  prune(): void;
  /** Writes out what is waiting. */
  flush(): void;
}

const sorted = (labels: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));

/** The same for the same metric, resource and labels, in whatever order they stand. */
export function seriesId({ project, metric, resource }: SeriesKey): string {
  const parts = [project, metric.type, sorted(metric.labels), resource.type, sorted(resource.labels)];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}

const isDistribution = (
  value: MetricValue | PackedDistribution,
): value is Distribution | PackedDistribution => typeof value === 'object';

function unpack(value: StoredPoint['value'], options: readonly BucketOptions[]): MetricValue {
  if (!isDistribution(value) || !('options' in value)) return value;
  const { options: index, ...rest } = value;
  return { ...rest, bucketOptions: options[index] ?? {} };
}

export function openSeriesStore(
  seriesTable: Table<SeriesRecord>,
  chunkTable: Table<PointChunk>,
  clock: Clock,
): SeriesStore {
  /** Chunks by series, then by the start of their time. */
  const chunks = new Map<string, Map<number, readonly StoredPoint[]>>();
  for (const [key, { points }] of chunkTable.entries()) {
    const [id = '', start = ''] = key.split('/');
    chunks.set(id, (chunks.get(id) ?? new Map<number, readonly StoredPoint[]>()).set(Number(start), points));
  }
  const waiting = new Map<string, PointChunk>();
  let cancelWrite: (() => void) | undefined;

  const flush = (): void => {
    cancelWrite?.();
    cancelWrite = undefined;
    for (const [key, chunk] of waiting) chunkTable.set(key, chunk);
    waiting.clear();
  };
  const write = (id: string, start: number, points: readonly StoredPoint[], atOnce: boolean): void => {
    const ofSeries = chunks.get(id) ?? new Map<number, readonly StoredPoint[]>();
    chunks.set(id, ofSeries.set(start, points));
    const key = `${id}/${start}`;
    if (atOnce) {
      waiting.delete(key);
      chunkTable.set(key, { points });
    } else {
      waiting.set(key, { points });
      cancelWrite ??= clock.after(writeBehindMs, flush);
    }
  };

  /** The value as it is stored; new buckets go to the series' record. */
  const pack = (id: string, head: SeriesHead, value: MetricValue): StoredPoint['value'] => {
    const record = seriesTable.get(id) ?? { ...head, bucketOptions: [] };
    if (!isDistribution(value)) {
      if (!seriesTable.get(id)) seriesTable.set(id, record);
      return value;
    }
    const { bucketOptions, ...rest } = value;
    const text = JSON.stringify(bucketOptions);
    const known = record.bucketOptions.findIndex((options) => JSON.stringify(options) === text);
    if (known !== -1) return { ...rest, options: known };
    seriesTable.set(id, { ...record, bucketOptions: [...record.bucketOptions, bucketOptions] });
    return { ...rest, options: record.bucketOptions.length };
  };

  const lastOf = (id: string): ReceivedPoint | undefined => {
    const ofSeries = chunks.get(id);
    if (!ofSeries || ofSeries.size === 0) return undefined;
    const point = ofSeries.get(Math.max(...ofSeries.keys()))?.at(-1);
    return point && { ...point, value: unpack(point.value, seriesTable.get(id)?.bucketOptions ?? []) };
  };

  const store = (id: string, head: SeriesHead, point: ReceivedPoint, atOnce: boolean): void => {
    const start = Math.floor(point.endMs / chunkMs) * chunkMs;
    const before = chunks.get(id)?.get(start) ?? [];
    const kept = before.at(-1)?.endMs === point.endMs ? before.slice(0, -1) : before;
    write(id, start, [...kept, { ...point, value: pack(id, head, point.value) }], atOnce);
  };

  const removeSeries = (id: string): void => {
    for (const start of chunks.get(id)?.keys() ?? []) {
      waiting.delete(`${id}/${start}`);
      chunkTable.delete(`${id}/${start}`);
    }
    chunks.delete(id);
    seriesTable.delete(id);
  };

  return {
    last: (key) => lastOf(seriesId(key)),
    append(head, point) {
      store(seriesId(head), head, point, true);
    },
    change(head, time, change) {
      const id = seriesId(head);
      const last = lastOf(id);
      store(id, head, { ...time, value: change(last?.endMs === time.endMs ? last.value : undefined) }, false);
    },
    read(matches, afterMs, untilMs) {
      return seriesTable.entries().flatMap(([id, { bucketOptions, ...head }]) => {
        if (!matches(head)) return [];
        const starts = [...(chunks.get(id)?.keys() ?? [])]
          .filter((start) => start <= untilMs && start + chunkMs > afterMs)
          .sort((a, b) => a - b);
        const points = starts.flatMap((start) =>
          (chunks.get(id)?.get(start) ?? [])
            .filter(({ endMs }) => endMs > afterMs && endMs <= untilMs)
            .map((point) => ({ ...point, value: unpack(point.value, bucketOptions) })),
        );
        return [{ ...head, id, points }];
      });
    },
    remove(matches) {
      for (const [id, head] of seriesTable.entries()) if (matches(head)) removeSeries(id);
    },
    prune() {
      const oldest = clock.now() - retentionMs;
      for (const [id] of seriesTable.entries()) {
        const ofSeries = chunks.get(id);
        for (const start of [...(ofSeries?.keys() ?? [])]) {
          if (start + chunkMs > oldest) continue;
          waiting.delete(`${id}/${start}`);
          chunkTable.delete(`${id}/${start}`);
          ofSeries?.delete(start);
        }
        if (!ofSeries || ofSeries.size === 0) removeSeries(id);
      }
    },
    flush,
  };
}
