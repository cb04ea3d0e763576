import type { SummaryCase } from './read-summary.ts';

const escape = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // XML has no way to write most control characters.
    .replaceAll(/[^\P{Cc}\t\n]/gu, '�');

/**
 * A load test as a JUnit report. A threshold decides about a test, a check only through one: k6 lets a test pass whose
 * checks failed now and then, so such a check is noted as skipped with its figures, not as a failure.
 */
export function writeJunit(script: string, cases: readonly SummaryCase[], seconds: number): string {
  const suites = (['thresholds', 'checks'] as const).map((suite) => {
    const own = cases.filter((each) => each.suite === suite);
    const failures = suite === 'thresholds' ? own.filter(({ ok }) => !ok).length : 0;
    const skipped = suite === 'checks' ? own.filter(({ ok }) => !ok).length : 0;
    return [
      `  <testsuite name="${suite}" tests="${own.length}" failures="${failures}" skipped="${skipped}">`,
      ...own.map(({ name, ok, figures }) => {
        const head = `    <testcase name="${escape(name)}" classname="${suite}" file="${escape(script)}" time="0"`;
        if (ok) return `${head}/>`;
        const tag = suite === 'thresholds' ? 'failure' : 'skipped';
        return `${head}><${tag} message="${escape(figures)}"/></testcase>`;
      }),
      '  </testsuite>',
    ].join('\n');
  });
  return `<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="${escape(script)}" time="${seconds.toFixed(1)}">\n${suites.join('\n')}\n</testsuites>\n`;
}
