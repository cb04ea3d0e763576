import { percentile } from './percentile.ts';
import type { MetricType } from './sample.ts';

/** What has become of the samples of one metric. */
export interface Sink {
  readonly type: MetricType;
  add(value: number): void;
  /** Of samples, whatever their values. */
  count(): number;
  /** A value by its name in k6's thresholds and summaries; undefined when this kind of metric has none of that name. */
  value(name: string, elapsedMs: number): number | undefined;
}

/** The number in `p(99.9)`; undefined when the text is no such percentile. */
export function percentOf(name: string): number | undefined {
  const [, text] = /^p\((\d+(?:\.\d+)?)\)$/.exec(name) ?? [];
  return text !== undefined && Number(text) <= 100 ? Number(text) : undefined;
}

/** The values that thresholds can speak of. https://grafana.com/docs/k6/latest/using-k6/thresholds/#threshold-syntax */
export function hasValue(type: MetricType, name: string): boolean {
  switch (type) {
    case 'counter':
      return name === 'count' || name === 'rate';
    case 'gauge':
      return name === 'value';
    case 'rate':
      return name === 'rate';
    case 'trend':
      return ['avg', 'min', 'max', 'med'].includes(name) || percentOf(name) !== undefined;
  }
}

export function createSink(type: MetricType): Sink {
  switch (type) {
    case 'counter':
      return counter();
    case 'gauge':
      return gauge();
    case 'rate':
      return rate();
    case 'trend':
      return trend();
  }
}

function counter(): Sink {
  let samples = 0;
  let sum = 0;
  return {
    type: 'counter',
    add(value) {
      samples += 1;
      sum += value;
    },
    count: () => samples,
    value: (name, elapsedMs) =>
      name === 'count' ? sum : name === 'rate' ? (elapsedMs === 0 ? 0 : (sum * 1000) / elapsedMs) : undefined,
  };
}

function gauge(): Sink {
  let samples = 0;
  let [last, min, max] = [0, Infinity, -Infinity];
  return {
    type: 'gauge',
    add(value) {
      samples += 1;
      last = value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    },
    count: () => samples,
    value(name) {
      if (!['value', 'min', 'max'].includes(name)) return undefined;
      return samples === 0 ? 0 : name === 'min' ? min : name === 'max' ? max : last;
    },
  };
}

function rate(): Sink {
  let [samples, trues] = [0, 0];
  return {
    type: 'rate',
    add(value) {
      samples += 1;
      if (value !== 0) trues += 1;
    },
    count: () => samples,
    value(name) {
      if (name === 'rate') return samples === 0 ? 0 : trues / samples;
      return name === 'passes' ? trues : name === 'fails' ? samples - trues : undefined;
    },
  };
}

/** Keeps every value: percentiles are exact. */
function trend(): Sink {
  const values: number[] = [];
  let sorted: Float64Array | undefined;
  let sum = 0;
  const inOrder = (): Float64Array => (sorted ??= Float64Array.from(values).sort());
  return {
    type: 'trend',
    add(value) {
      values.push(value);
      sum += value;
      sorted = undefined;
    },
    count: () => values.length,
    value(name) {
      if (name === 'count') return values.length;
      if (name === 'avg') return values.length === 0 ? 0 : sum / values.length;
      const percent = { min: 0, med: 50, max: 100 }[name] ?? percentOf(name);
      return percent === undefined ? undefined : percentile(inOrder(), percent);
    },
  };
}
