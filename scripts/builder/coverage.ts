export const coverageKinds = ['lines', 'branches', 'functions'] as const;
export type CoverageKind = (typeof coverageKinds)[number];

/** In percent; what nothing is known of is absent. */
export type Coverage = Readonly<Partial<Record<CoverageKind, number>>>;

/** Found and hit, as an lcov tracefile sums them up for each file. */
const records = {
  lines: ['LF', 'LH'],
  branches: ['BRF', 'BRH'],
  functions: ['FNF', 'FNH'],
} as const satisfies Record<CoverageKind, readonly [string, string]>;

/**
 * The shares that an lcov tracefile saw run, from 0 to 100; without what it has none of.
 * https://github.com/linux-test-project/lcov/blob/master/man/geninfo.1
 */
export function coverageOf(lcov: string): Coverage {
  const sum = (record: string): number =>
    [...lcov.matchAll(new RegExp(`^${record}:(\\d+)$`, 'gm'))].reduce(
      (all, [, count]) => all + Number(count),
      0,
    );
  const shares = coverageKinds.flatMap((kind) => {
    const [found, hit] = records[kind].map(sum);
    return found === undefined || hit === undefined || found === 0 ? [] : [[kind, (hit / found) * 100]];
  });
  return Object.fromEntries(shares) as Coverage;
}

/**
 * What a report's coverage has to reach: out of the script in package.json that writes `reports/<report>.lcov`, where
 * node:test is told and fails below. Empty when nothing is asked for.
 */
export function coverageThresholds(packageJson: unknown, report: string): Coverage {
  const { scripts } = Object(packageJson) as { scripts?: unknown };
  const script = Object.values(Object(scripts) as Record<string, unknown>).find(
    (text): text is string => typeof text === 'string' && text.includes(`reports/${report}.lcov`),
  );
  const thresholds = coverageKinds.flatMap((kind) => {
    const percent = new RegExp(`--test-coverage-${kind}[= ](\\d+(?:\\.\\d+)?)`).exec(script ?? '')?.[1];
    return percent === undefined ? [] : [[kind, Number(percent)]];
  });
  return Object.fromEntries(thresholds) as Coverage;
}

/** `97.1 % of lines (at least 95 %)`, one of each kind that is known. */
export const describeCoverage = (coverage: Coverage, thresholds: Coverage): string[] =>
  coverageKinds.flatMap((kind) => {
    const [percent, least] = [coverage[kind], thresholds[kind]];
    if (percent === undefined) return [];
    return [`${percent.toFixed(1)} % of ${kind}${least === undefined ? '' : ` (at least ${least} %)`}`];
  });
