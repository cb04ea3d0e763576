import { builtInMetrics, type MetricDefinition, type SampleGroup } from './sample.ts';
import { createSink, type Sink } from './sink.ts';
import { holds, matches, type MetricThresholds, type Threshold } from './threshold.ts';

export interface ThresholdResult {
  readonly threshold: Threshold;
  readonly value: number;
  readonly ok: boolean;
}

/** A metric, or a part of one by tags, as the summary shows it. */
export interface MetricResult {
  /** `http_req_duration` or `http_req_duration{scenario:spike}`. */
  readonly name: string;
  readonly definition: MetricDefinition;
  readonly sink: Sink;
  readonly thresholds: readonly ThresholdResult[];
}

export interface CheckResult {
  readonly name: string;
  /** Of groups, as k6 writes it: empty, or `::outer::inner`. */
  readonly group: string;
  readonly passes: number;
  readonly fails: number;
}

/** Everything that a test has measured so far. */
export interface Measurements {
  /** Throws on a metric that nobody defined. */
  add(group: SampleGroup): void;
  /** Of metrics with samples or thresholds, each followed by its parts. */
  results(elapsedMs: number): MetricResult[];
  checks(): CheckResult[];
  /** The thresholds with `abortOnFail` that do not hold now; one of no samples yet is not asked. */
  aborting(elapsedMs: number): string[];
}

export const metricsByName = (custom: readonly MetricDefinition[]): ReadonlyMap<string, MetricDefinition> =>
  new Map([...builtInMetrics, ...custom].map((definition) => [definition.name, definition]));

export function createMeasurements(
  definitions: ReadonlyMap<string, MetricDefinition>,
  thresholds: readonly MetricThresholds[],
): Measurements {
  const metrics = new Map(
    [...definitions.values()].map((definition) => [
      definition.name,
      {
        definition,
        sink: createSink(definition.type),
        parts: thresholds
          .filter(({ metric, tags }) => metric === definition.name && tags !== undefined)
          .map(({ source, tags }) => ({ source, tags: tags ?? {}, sink: createSink(definition.type) })),
      },
    ]),
  );
  const checks = new Map<string, { name: string; group: string; passes: number; fails: number }>();

  const noteCheck = (name: string, group: string, passed: boolean): void => {
    const key = `${group}::${name}`;
    const check = checks.get(key) ?? { name, group, passes: 0, fails: 0 };
    checks.set(key, check);
    if (passed) check.passes += 1;
    else check.fails += 1;
  };

  const judge = (source: string, sink: Sink, elapsedMs: number): ThresholdResult[] =>
    thresholds
      .filter((each) => each.source === source)
      .flatMap((each) => each.thresholds)
      .map((threshold) => {
        const value = sink.value(threshold.value, elapsedMs) ?? 0;
        return { threshold, value, ok: holds(threshold, value) };
      });

  const all = (elapsedMs: number): MetricResult[] =>
    [...metrics.values()].flatMap(({ definition, sink, parts }) => [
      { name: definition.name, definition, sink, thresholds: judge(definition.name, sink, elapsedMs) },
      ...parts.map((part) => ({
        name: part.source,
        definition,
        sink: part.sink,
        thresholds: judge(part.source, part.sink, elapsedMs),
      })),
    ]);

  return {
    add({ tags, values }) {
      for (const [name, value] of values) {
        const metric = metrics.get(name);
        if (!metric) throw new Error(`a sample of ${name}, which is no metric of this test`);
        metric.sink.add(value);
        for (const part of metric.parts) if (matches(part.tags, tags)) part.sink.add(value);
        if (name === 'checks') noteCheck(tags.check ?? '', tags.group ?? '', value !== 0);
      }
    },
    results: (elapsedMs) =>
      all(elapsedMs).filter(({ sink, thresholds: own }) => sink.count() > 0 || own.length > 0),
    checks: () => [...checks.values()],
    aborting: (elapsedMs) =>
      all(elapsedMs).flatMap(({ name, sink, thresholds: own }) =>
        sink.count() === 0
          ? []
          : own
              .filter(
                ({ ok, threshold }) =>
                  !ok && threshold.abortOnFail && elapsedMs >= threshold.delayAbortEvalMs,
              )
              .map(({ threshold }) => `${name}: ${threshold.source}`),
      ),
  };
}
