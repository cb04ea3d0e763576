/**
 * The share of lines that an lcov tracefile saw run, from 0 to 100; undefined when it is about no line.
 * https://github.com/linux-test-project/lcov/blob/master/man/geninfo.1
 */
export function lineCoverage(lcov: string): number | undefined {
  const sum = (record: 'LF' | 'LH'): number =>
    [...lcov.matchAll(new RegExp(`^${record}:(\\d+)$`, 'gm'))].reduce(
      (all, [, count]) => all + Number(count),
      0,
    );
  const found = sum('LF');
  return found === 0 ? undefined : (sum('LH') / found) * 100;
}
