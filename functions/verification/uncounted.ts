import { measuredAfterMinutes, reportedAfterSeconds } from '../platform/monitoring.ts';
import { durationInWords } from '../release/duration.ts';
import type { CountedBy } from './stretches.ts';

/** The end of a step, as far as its answers are not counted yet. */
export interface Uncounted {
  readonly seconds: number;
  /** Whose counts are awaited; `unreadable` when nobody's could be read the last time. */
  readonly by: CountedBy | 'unreadable' | undefined;
}

/** What instances report is never complete to the last second: what is later than this is worth a word. */
const usualSeconds = reportedAfterSeconds + 15;

function cause(by: Uncounted['by']): string {
  switch (by) {
    case undefined:
    case 'instances':
      return `what instances report can be read ${reportedAfterSeconds} s later`;
    case 'cloud-run':
      return `the instances of candidate and stable do not both report their own, and Cloud Run's metrics come ${measuredAfterMinutes} min late`;
    case 'unreadable':
      return 'the metrics could not be read';
    default:
      return by satisfies never;
  }
}

/**
 * That a verdict on a step knows nothing of the answers that were given in it, or in a good part of it, and why; undefined
 * where it knows all that it could. No verdict is to look better founded than it is.
 */
export function uncountedInWords(servedSeconds: number, { seconds, by }: Uncounted): string | undefined {
  const words = (value: number): string => durationInWords(value * 1000);
  if (seconds >= servedSeconds)
    return `no answers were counted in the ${words(servedSeconds)} of this step: ${cause(by)}`;
  if (seconds <= usualSeconds) return undefined;
  return `the answers of the last ${words(seconds)} of this step were not counted: ${cause(by)}`;
}
