import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** The reports of a smoke that did not take place, and why: `smoke.junit.xml` and `smoke.md`. */
export async function writeSkippedReport(reports: string, service: string, why: string): Promise<void> {
  await mkdir(reports, { recursive: true });
  await writeFile(
    path.join(reports, 'smoke.junit.xml'),
    `<testsuites><testsuite name="${escape(service)}" tests="1" skipped="1"><testcase name="browser smoke" time="0">` +
      `<skipped message="${escape(why)}"/></testcase></testsuite></testsuites>\n`,
  );
  await writeFile(
    path.join(reports, 'smoke.md'),
    `# Browser smoke: skipped\n\nNothing was looked at: ${why}.\n`,
  );
}
