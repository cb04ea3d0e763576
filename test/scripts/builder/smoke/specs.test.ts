import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readSettings } from '../../../smoke/settings.ts';
import { summarise, type SmokeTest } from '../../../smoke/summarise.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..', '..');
const text = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const versions = (file: string): Record<string, string> =>
  (JSON.parse(text(file)) as { devDependencies: Record<string, string> }).devDependencies;

describe('one version of Playwright everywhere', () => {
  const specs = versions('test/smoke/package.json');

  test('the specs are checked here with the packages that they run with', () => {
    expect(versions('package.json')).toMatchObject(specs);
  });

  test('an image in the build has the browsers of exactly that version', () => {
    const images = [...text('cloudbuild/release.yaml').matchAll(/mcr\.microsoft\.com\/playwright:\S+/g)];
    expect(images.map(([image]) => image)).toEqual(
      images.map(() => `mcr.microsoft.com/playwright:v${specs['@playwright/test'] ?? ''}-noble`),
    );
  });

  test('an exact one', () => {
    expect(Object.values(specs).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

describe('readSettings', () => {
  test('all that can be given', () => {
    expect(
      readSettings({
        BASE_URL: 'http://127.0.0.1:8080',
        SMOKE_TOKEN: 'token',
        SMOKE_REVISION: 'web-1',
        SMOKE_REPORTS: '/reports',
        CHROMIUM_PATH: '/usr/bin/chromium',
      }),
    ).toEqual({
      baseUrl: 'http://127.0.0.1:8080/',
      token: 'token',
      revision: 'web-1',
      reports: '/reports',
      browser: '/usr/bin/chromium',
    });
  });

  test('the address is enough; what is empty is not given', () => {
    expect(readSettings({ BASE_URL: 'https://board.example.com', SMOKE_TOKEN: '' })).toEqual({
      baseUrl: 'https://board.example.com/',
      reports: path.join(root, 'test', 'smoke', 'reports'),
    });
  });

  test.each([undefined, '', 'board', 'ftp://board'])('%j is no address', (address) => {
    expect(() => readSettings(address === undefined ? {} : { BASE_URL: address })).toThrow(
      'environment variable BASE_URL is no http or https address',
    );
  });
});

describe('summarise', () => {
  const passed: SmokeTest = {
    title: 'opens',
    place: 'test/smoke/web/board.spec.ts:1',
    outcome: 'expected',
    seconds: 1.25,
    error: undefined,
    attachments: [],
  };

  test('a run that passed: no more than the table', () => {
    expect(
      summarise({
        baseUrl: 'http://b/',
        revision: 'web-1',
        passed: true,
        seconds: 2,
        tests: [passed, { ...passed, title: 'a | b', outcome: 'skipped', seconds: 0 }],
      }),
    ).toBe(
      [
        '# Browser smoke: passed',
        '',
        'web-1 at http://b/, in 2.0 s.',
        '',
        '| Test | Outcome | Seconds |',
        '| --- | --- | --- |',
        '| opens | passed | 1.3 |',
        '| a \\| b | skipped | 0.0 |',
        '',
      ].join('\n'),
    );
  });

  test('what failed, and what passed only at the second try, says where and why and what is left to look at', () => {
    const failed: SmokeTest = {
      ...passed,
      outcome: 'unexpected',
      error: '\u001b[31mexpected Live\u001b[39m\n\nreceived Delayed',
      attachments: ['smoke/a b/test-failed-1.png'],
    };
    const summary = summarise({
      baseUrl: 'http://b/',
      revision: undefined,
      passed: false,
      seconds: 2,
      tests: [failed, { ...passed, title: 'reloads', outcome: 'flaky', error: 'timed out' }],
    });
    expect(summary).toContain('# Browser smoke: FAILED\n\nhttp://b/, in 2.0 s.\n');
    expect(summary).toContain(
      '| opens | FAILED | 1.3 |\n| reloads | flaky: passed at the second try | 1.3 |\n',
    );
    expect(summary).toContain(
      '\n## opens\n\nAt `test/smoke/web/board.spec.ts:1`:\n\n    expected Live\n\n    received Delayed\n\n' +
        '- [smoke/a b/test-failed-1.png](<smoke/a b/test-failed-1.png>)\n\n## reloads\n',
    );
  });

  test('a run that never began', () => {
    expect(
      summarise({ baseUrl: 'http://b/', revision: undefined, passed: false, seconds: 0, tests: [] }),
    ).toContain('No test has run.');
  });
});
