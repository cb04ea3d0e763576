import { escapeXml } from './escape-xml.ts';
import type { SummaryCase } from './read-summary.ts';

/**
 * A load test as a JUnit report. A threshold decides about a test, a check only through one: k6 lets a test pass whose
 * checks failed now and then, so such a check is noted as skipped with its figures, not as a failure. `reasons`: why it
 * failed; a case of their own when no threshold says so.
 */
export function writeJunit(
  script: string,
  cases: readonly SummaryCase[],
  seconds: number,
  reasons: readonly string[] = [],
): string {
  const suites = (['thresholds', 'checks'] as const).map((suite) => {
    const own = cases.filter((each) => each.suite === suite);
    const failures = suite === 'thresholds' ? own.filter(({ ok }) => !ok).length : 0;
    const skipped = suite === 'checks' ? own.filter(({ ok }) => !ok).length : 0;
    return [
      `  <testsuite name="${suite}" tests="${own.length}" failures="${failures}" skipped="${skipped}">`,
      ...own.map(({ name, ok, measured }) => {
        const head = `    <testcase name="${escapeXml(name)}" classname="${suite}" file="${escapeXml(script)}" time="0"`;
        if (ok) return `${head}/>`;
        const tag = suite === 'thresholds' ? 'failure' : 'skipped';
        return `${head}><${tag} message="${escapeXml(measured)}"/></testcase>`;
      }),
      '  </testsuite>',
    ].join('\n');
  });
  const crossed = cases.filter(({ suite, ok }) => suite === 'thresholds' && !ok);
  if (reasons.length > 0 && crossed.length === 0)
    suites.push(
      [
        '  <testsuite name="run" tests="1" failures="1" skipped="0">',
        `    <testcase name="ends by itself and has measured" classname="run" file="${escapeXml(script)}" time="0"><failure message="${escapeXml(reasons.join('; '))}"/></testcase>`,
        '  </testsuite>',
      ].join('\n'),
    );
  return `<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="${escapeXml(script)}" time="${seconds.toFixed(1)}">\n${suites.join('\n')}\n</testsuites>\n`;
}
