import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ObjectStore } from '../../../local/core/links.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { runBuilder } from '../../../scripts/builder/run-builder.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { surroundings } from './builder-surroundings.ts';

const bucket = 'test-project-slipway-artifacts';
const junit =
  '<testsuites><testcase name="adds" time="0.5"/><testcase name="fails"><failure message="1 == 2"/></testcase></testsuites>';

let cloud: TestCloud;
let objects: ObjectStore;
beforeAll(async () => {
  cloud = await testCloud();
  const storage = createStorageRoom(cloud.context);
  ({ objects } = storage);
  await cloud.serve([storage.room]);
  await fetch(`${cloud.context.origin}/storage/v1/b?project=test-project`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: bucket }),
  });
});
afterAll(() => cloud.close());

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-results-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, content: string): Promise<void> {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
  await writeFile(path.join(folder, name), content);
}

async function run(
  args: readonly string[],
  to = `gs://${bucket}/api/b-1`,
): Promise<{ exitCode: number; text: string }> {
  const around = surroundings(folder, cloud.context.origin);
  const exitCode = await runBuilder(['results', '--folder=services/api', `--to=${to}`, ...args], around);
  return { exitCode, text: around.printed.join('\n') };
}

describe('results', () => {
  test('all gates passed', async () => {
    await write('.slipway/gates/lint', '0 1.0\n');
    await write('.slipway/gates/unit', '0 2.0\n');
    const { exitCode, text } = await run(['lint', 'unit']);
    expect(text).toContain('all 2 gates passed');
    expect(exitCode).toBe(0);
  });

  test('a skipped gate fails nothing, and is not said to have passed', async () => {
    await write('.slipway/gates/lint', '0 1.0\n');
    await write('.slipway/gates/audit', 'skipped 0.5 the registry does not answer\n');
    const { exitCode, text } = await run(['lint', 'audit']);
    expect(text).toMatch(/audit +skipped +0\.5 s, the registry does not answer/);
    expect(text).toContain('1 of 2 gates passed; skipped: audit');
    expect(exitCode).toBe(0);
  });

  test('one failed and one left nothing: both are named, and the reports are kept', async () => {
    await write('.slipway/gates/lint', '0 1.0\n');
    await write('.slipway/gates/unit', '1 2.0\n');
    await write('services/api/reports/unit.junit.xml', junit);
    await write('services/api/reports/html/index.html', '<p>covered</p>');
    const { exitCode, text } = await run(['lint', 'unit', 'integration']);
    expect(exitCode).toBe(1);
    expect(text).toContain(`3 of 3 reports are in gs://${bucket}/api/b-1`);
    expect(text).toContain('failed tests: 1\n  fails\n    1 == 2\n');
    expect(text).toMatch(
      /failed: unit \(exit 1\), integration \(no result\)\. The log of each gate's step says more\.$/,
    );
    expect(objects.get(bucket, 'api/b-1/unit.junit.xml').toString()).toBe(junit);
    expect(objects.get(bucket, 'api/b-1/html/index.html').toString()).toBe('<p>covered</p>');
  });

  test('a gate that passed earlier is not asked when it is not named', async () => {
    await write('.slipway/gates/lint', '0 1.0\n');
    await write('.slipway/gates/unit', '1 1.0\n');
    expect((await run(['lint'])).exitCode).toBe(0);
  });

  test('reports that cannot be uploaded are said, and fail nothing', async () => {
    await write('.slipway/gates/lint', '0 1.0\n');
    await write('services/api/reports/unit.junit.xml', junit.slice(0, 40));
    const { exitCode, text } = await run(['lint'], 'gs://no-such-bucket');
    expect(exitCode).toBe(0);
    expect(text).toMatch(/0 of 2 reports are in gs:\/\/no-such-bucket\n2 could not be uploaded: .*404/);
    expect(text).toMatch(/unit {2}its report cannot be read: line 1: /);
  });

  test('the page is kept beside the reports, whatever the outcome', async () => {
    await write(
      'pipeline.yaml',
      'project: acme-shop\nregion: europe-west1\nrepository: acme/shop\nservices:\n  shop-api: { folder: services/api }\n',
    );
    await write('.slipway/gates/unit', '1 2.0\n');
    await write('.slipway/gates/image', '1 2.0\n');
    await write(
      '.slipway/gates/unit.notes.json',
      JSON.stringify({ hint: 'npm run gate -- shop-api unit', places: [], more: 0, flaky: [] }),
    );
    await write('services/api/reports/unit.junit.xml', junit);
    await write('services/api/reports/unit.lcov', 'LF:10\nLH:9\n');
    await write('services/api/reports/summary.md', 'of an earlier run');
    await write(
      'services/api/package.json',
      JSON.stringify({ scripts: { unit: 'node --test-coverage-lines=95 > reports/unit.lcov' } }),
    );
    const { exitCode, text } = await run(['unit', 'image'], `gs://${bucket}/api/b-2`);
    expect(exitCode).toBe(1);
    expect(text).toContain(`as a page: https://storage.cloud.google.com/${bucket}/api/b-2/summary.md\n`);
    expect(objects.get(bucket, 'api/b-2/summary.md').toString()).toBe(
      `# Gates of services/api

**FAILED: unit (exit 1), image (exit 1)**

2 tests: 1 passed, 1 failed

| Gate | Outcome |  | Again on your machine |
| --- | --- | --- | --- |
| unit | **FAILED** | 2.0 s, exit 1 | \`npm run gate -- shop-api unit\` |
| image | **FAILED** | 2.0 s, exit 1 | \`npm run gate -- shop-api image\` |

## Failed tests

- \`fails\`: \`1 == 2\`

## Tests

| Report | Passed | Failed | Skipped | Time |
| --- | --- | --- | --- | --- |
| unit | 1 | 1 | 0 | 0.5 s |

## Coverage

| Report | Lines | Branches | Functions |
| --- | --- | --- | --- |
| unit | **90.0 %, below 95 %** |  |  |

## Slowest tests

| Time | Test |  |
| --- | --- | --- |
| 0.50 s | \`adds\` |  |
| 0.00 s | \`fails\` |  |

## Reports

[unit.junit.xml](unit.junit.xml) · [unit.lcov](unit.lcov)
`,
    );
  });

  test('notes of a gate that was ended while it wrote them are none', async () => {
    await write('.slipway/gates/unit', '0 2.0\n');
    await write('.slipway/gates/unit.notes.json', '{"places": [');
    expect((await run(['unit'])).exitCode).toBe(0);
  });
});
