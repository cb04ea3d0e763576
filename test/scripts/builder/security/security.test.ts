import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readGateOutcome } from '../../../../scripts/builder/gate-outcome.ts';
import { parseJunit } from '../../../../scripts/builder/junit.ts';
import { runBuilder } from '../../../../scripts/builder/run-builder.ts';
import { surroundings } from '../builder-surroundings.ts';
import { drawn } from './made-up-secrets.ts';
import { testFolder, type TestFolder } from './test-folder.ts';

const secret = `ghp_${drawn(36)}`;
const noRegistry = 'registry=http://127.0.0.1:9/\n';

interface Sarif {
  $schema: string;
  version: string;
  runs: {
    tool: { driver: { name: string; rules: { id: string; shortDescription: { text: string } }[] } };
    invocations: {
      executionSuccessful: boolean;
      toolExecutionNotifications: { message: { text: string } }[];
    }[];
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: {
        physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } };
      }[];
      suppressions?: { kind: string; justification: string }[];
    }[];
  }[];
}

describe('builder security', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = testFolder();
    folder.write('pipeline.yaml', 'services: { board: { folder: services/shop } }\n');
    folder.write('cloudbuild/security.yaml', '');
    folder.write('.gitignore', 'node_modules\nreports\n.slipway\n');
    folder.write('services/shop/.npmrc', noRegistry);
    folder.write('services/shop/src/a b.ts', `export const it = 1;\n\nconst x = '${secret}';\n`);
    folder.installTypescript();
    folder.track();
  });
  afterEach(() => {
    folder.remove();
  });

  const run = async (...more: string[]): Promise<{ exitCode: number; text: string }> => {
    const around = surroundings(folder.root);
    const args = ['security', '--folder', 'services/shop', '--policy', 'cloudbuild/security.yaml', ...more];
    return { exitCode: await runBuilder(args, around), text: around.printed.join('\n') };
  };
  const reportText = (name: string): string =>
    readFileSync(path.join(folder.root, 'services/shop/reports', name), 'utf8');

  test('all checks: outcomes for `results`, three reports, and never the secret', async () => {
    const { exitCode, text } = await run();
    expect(exitCode).toBe(1);
    expect(text).toMatch(/^services\/shop\/src\/a b\.ts:3: a GitHub token: .* \[secrets\/github-token\]$/m);
    expect(text).toMatch(/^secrets FAILED: 1 found .*; on your machine: npm run gate -- board secrets$/m);
    expect(text).toMatch(/^audit skipped: no advisory source \(/m);
    const outcomes = ['secrets', 'audit', 'licences', 'lockfile', 'code', 'image-scan'].map(async (gate) => {
      const outcome = await readGateOutcome(folder.root, gate);
      return [gate, outcome.kind === 'ended' ? outcome.exitCode : outcome.kind];
    });
    expect(Object.fromEntries((await Promise.all(outcomes)) as [string, unknown][])).toEqual({
      secrets: 1,
      audit: 'skipped',
      licences: 0,
      lockfile: 0,
      code: 0,
      'image-scan': 'skipped',
    });

    const tests = parseJunit(reportText('security.junit.xml'));
    expect(tests.filter(({ outcome }) => outcome === 'skipped')).toHaveLength(2);
    expect(tests.filter(({ outcome }) => outcome === 'failed')).toEqual([
      expect.objectContaining({
        name: 'secrets › secrets/github-token',
        file: 'services/shop/src/a b.ts',
        line: 3,
      }),
    ]);

    const sarif = JSON.parse(reportText('security.sarif')) as Sarif;
    expect(sarif).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-schema-2.1.0') });
    const [only] = sarif.runs;
    expect(only?.results).toEqual([
      {
        ruleId: 'secrets/github-token',
        ruleIndex: 0,
        level: 'error',
        message: { text: expect.stringContaining('a GitHub token') },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'services/shop/src/a%20b.ts', uriBaseId: '%SRCROOT%' },
              region: { startLine: 3, startColumn: 12 },
            },
          },
        ],
      },
    ]);
    expect(only?.tool.driver.rules.map(({ id }) => id)).toEqual(['secrets/github-token']);
    expect(
      only?.invocations[0]?.toolExecutionNotifications.map(({ message }) => message.text),
    ).toContainEqual(expect.stringMatching(/^audit skipped: /));

    const markdown = reportText('security.md');
    expect(markdown).toContain('| secrets | FAILED: 1 found |');
    expect(markdown).toContain('| `services/shop/src/a b.ts:3` | secrets/github-token |');
    for (const said of [text, markdown, reportText('security.sarif'), reportText('security.junit.xml')])
      expect(said).not.toContain(secret.slice(0, 12));
  }, 20_000);

  test('named checks alone', async () => {
    const { exitCode, text } = await run('lockfile', 'licences');
    expect(exitCode).toBe(0);
    expect(text.split('\n')).toHaveLength(2);
    expect(reportText('security.md')).toContain('| licences | passed | 1 packages |');
    expect(await readGateOutcome(folder.root, 'secrets')).toEqual({ kind: 'missing' });
  });

  test('an exception lets it pass until it expires, and is in the report', async () => {
    const exception = (expires: string): string =>
      `secrets:\n  exceptions:\n    - rule: github-token\n      path: services/shop/src/a b.ts\n      reason: withdrawn\n      expires: ${expires}\n`;
    folder.write('cloudbuild/security.yaml', exception('2026-03-02'));
    expect(await run('secrets')).toEqual({
      exitCode: 0,
      text: expect.stringContaining('accepted until 2026-03-02 [secrets/github-token]: withdrawn'),
    });
    const sarif = JSON.parse(reportText('security-secrets.sarif')) as Sarif;
    expect(sarif.runs[0]?.results[0]?.suppressions).toEqual([
      { kind: 'external', justification: 'withdrawn (until 2026-03-02)' },
    ]);
    folder.write('cloudbuild/security.yaml', exception('2026-03-01'));
    expect(await run('secrets')).toEqual({
      exitCode: 1,
      text: expect.stringContaining('its exception expired on 2026-03-01'),
    });
  });

  test('a check that the policy requires must not be skipped', async () => {
    folder.write('cloudbuild/security.yaml', 'required: [image-scan]\n');
    expect(await run('image-scan')).toEqual({
      exitCode: 1,
      text: expect.stringContaining('the policy requires image-scan'),
    });
  });

  test('what git does not track is not read', async () => {
    folder.write('services/shop/src/a b.ts', 'export const it = 1;\n');
    folder.write('services/shop/.env', `TOKEN=${secret}\n`);
    expect((await run('secrets')).exitCode).toBe(0);
  });

  test('a check that cannot be made has failed, and the others go on', async () => {
    folder.write('services/shop/package-lock.json', '[]');
    const { exitCode, text } = await run('lockfile', 'code');
    expect(exitCode).toBe(1);
    expect(text).toMatch(/package-lock\.json cannot be read: .* \[lockfile\/error\]\nlockfile FAILED/s);
    expect(text).toMatch(/^code passed/m);
  });

  test('without a compiler the code is not judged', async () => {
    folder.remove();
    folder = testFolder();
    folder.write('cloudbuild/security.yaml', '');
    expect(await run('code')).toEqual({
      exitCode: 0,
      text: 'code skipped: typescript is not installed in services/shop/node_modules',
    });
  });

  test('without git everything that is not generated is read', async () => {
    folder.remove();
    folder = testFolder();
    folder.write('cloudbuild/security.yaml', '');
    folder.write('services/shop/.env', `TOKEN=${secret}\n`);
    folder.write('services/shop/node_modules/a/index.js', `'${secret}'\n`);
    const { exitCode, text } = await run('secrets');
    expect(exitCode).toBe(1);
    expect(text.match(/github-token/g)).toHaveLength(1);
    expect(text).toContain('services/shop/.env:1: ');
    expect(text).toContain('git does not list the files here');
  });

  test.each([
    [['secret'], 'there is no check "secret" (did you mean "secrets"?)'],
    [['--image', 'a', '--image', 'b'], '--image is given more than once'],
    [['--polcy', 'x'], "Unknown option '--polcy'"],
  ])('%j is refused with 2', async (more, expected) => {
    const { exitCode, text } = await run(...more);
    expect(text).toContain(expected);
    expect(exitCode).toBe(2);
  });

  test('a policy that cannot be used: its place, and no outcome', async () => {
    await run('lockfile');
    folder.write('cloudbuild/security.yaml', 'audit:\n  wors: low\n');
    expect(await run('lockfile')).toEqual({
      exitCode: 1,
      text: expect.stringContaining('cloudbuild/security.yaml:2: audit: Unrecognized key: "wors"'),
    });
    expect(await readGateOutcome(folder.root, 'lockfile')).toEqual({ kind: 'missing' });
  });
});
