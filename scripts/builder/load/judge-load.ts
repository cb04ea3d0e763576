import { exitCode as k6Exit } from '../../k6/exit-code.ts';
import type { SummaryCase } from '../../k6/read-summary.ts';

export interface LoadVerdict {
  /** That of k6 where it says that something is wrong; 1 where it does not and something is. */
  readonly exitCode: number;
  /** Why it is not 0, one each. */
  readonly reasons: readonly string[];
}

const meanings: Readonly<Record<number, string>> = {
  [k6Exit.setupTimeout]: 'its setup took too long',
  [k6Exit.teardownTimeout]: 'its teardown took too long',
  [k6Exit.invalidConfig]: 'its options are wrong, or not known to what ran it',
  [k6Exit.externalAbort]: 'it was interrupted',
  [k6Exit.scriptException]: 'the script failed',
  127: 'there is no k6',
};

/** The thresholds that were crossed, each with what was measured. */
export const crossedIn = (cases: readonly SummaryCase[]): string[] =>
  cases
    .filter(({ suite, ok }) => suite === 'thresholds' && !ok)
    .map(({ name, measured }) => `${name}, measured ${measured}`);

/**
 * What a load test has come to: `code` is k6's exit code (undefined: it did not end by itself), `cases` what its summary
 * says (undefined: there is none that can be read, and `unreadable` may say why). Passes only what has measured something.
 */
export function judgeLoad(
  code: number | undefined,
  cases: readonly SummaryCase[] | undefined,
  unreadable: string | undefined,
): LoadVerdict {
  const thresholds = (cases ?? []).filter(({ suite }) => suite === 'thresholds');
  const crossed = crossedIn(cases ?? []);
  const others = [
    ...(code === undefined
      ? ['k6 did not end by itself: its step ran out of time, or was never started']
      : []),
    ...(code === undefined || code === 0 || (code === k6Exit.thresholdsFailed && crossed.length > 0)
      ? []
      : [`k6 ended with ${code}: ${meanings[code] ?? 'the log of its step says why'}`]),
    ...(unreadable === undefined ? [] : [unreadable]),
    ...(code === 0 && cases === undefined && unreadable === undefined ? ['k6 left no summary'] : []),
    // A script without thresholds would pass whatever it meets.
    ...(code === 0 && cases !== undefined && thresholds.length === 0 ? ['the script has no thresholds'] : []),
  ];
  const reasons = [...crossed, ...others];
  return { exitCode: reasons.length === 0 ? 0 : code === undefined || code === 0 ? 1 : code, reasons };
}
