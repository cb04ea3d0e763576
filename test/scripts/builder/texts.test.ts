import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { coverageOf, coverageThresholds, describeCoverage } from '../../../scripts/builder/coverage.ts';
import { parseGateOutcome } from '../../../scripts/builder/gate-outcome.ts';
import { readImageFile } from '../../../scripts/builder/image-file.ts';
import { readStorageAddress } from '../../../scripts/builder/storage-address.ts';

describe('parseGateOutcome', () => {
  test.each([
    ['0 3.1\n', { kind: 'ended', exitCode: 0, seconds: 3.1 }],
    ['1 12\n', { kind: 'ended', exitCode: 1, seconds: 12 }],
    ['127', { kind: 'ended', exitCode: 127, seconds: undefined }],
    ['', { kind: 'missing' }],
    [' 5', { kind: 'missing' }],
    ['passed', { kind: 'missing' }],
    ['0 soon', { kind: 'missing' }],
  ])('%j', (text, outcome) => {
    expect(parseGateOutcome(text)).toEqual(outcome);
  });
});

describe('coverage', () => {
  test.each([
    ['two files', 'SF:a\nLF:10\nLH:9\nend_of_record\nSF:b\nLF:10\nLH:6\nend_of_record\n', { lines: 75 }],
    ['every kind', 'LF:4\nLH:4\nBRF:4\nBRH:1\nFNF:2\nFNH:1\n', { lines: 100, branches: 25, functions: 50 }],
    ['no line', 'TN:\n', {}],
  ])('of %s', (_what, lcov, expected) => {
    expect(coverageOf(lcov)).toEqual(expected);
  });

  const unit =
    'node --test --test-coverage-lines=95 --test-coverage-branches 90.5 --test-reporter-destination=reports/unit.lcov';
  test.each<[string, unknown, unknown]>([
    [
      'the script that writes the report',
      { scripts: { a: 'reports/b.lcov', unit } },
      { lines: 95, branches: 90.5 },
    ],
    ['no script writes it', { scripts: { unit: unit.replace('unit.lcov', 'other.lcov') } }, {}],
    ['no package.json', undefined, {}],
    ['scripts that are none', { scripts: [1] }, {}],
  ])('what it has to reach: %s', (_what, packageJson, expected) => {
    expect(coverageThresholds(packageJson, 'unit')).toEqual(expected);
  });

  test('the services of this repository say what theirs has to reach', async () => {
    for (const service of ['api', 'streaming', 'web']) {
      const file = path.resolve(import.meta.dirname, '../../../services', service, 'package.json');
      expect(coverageThresholds(JSON.parse(await readFile(file, 'utf8')), 'unit')).toEqual({
        lines: 95,
        branches: 90,
        functions: 90,
      });
    }
  });

  test('in words', () => {
    expect(describeCoverage({ lines: 97.14, functions: 50 }, { lines: 95, branches: 90 })).toEqual([
      '97.1 % of lines (at least 95 %)',
      '50.0 % of functions',
    ]);
  });
});

describe('readStorageAddress', () => {
  test.each([
    ['gs://acme-cache', { bucket: 'acme-cache', prefix: '' }],
    ['gs://acme-cache/', { bucket: 'acme-cache', prefix: '' }],
    ['gs://acme-reports/api/b-1', { bucket: 'acme-reports', prefix: 'api/b-1' }],
  ])('%s', (text, expected) => {
    expect(readStorageAddress('to', text)).toEqual(expected);
  });

  test.each(['acme-cache', 'gs://', 's3://acme', 'gs:///x', 'gs://acme//x'])('%s is refused', (text) => {
    expect(() => readStorageAddress('to', text)).toThrow('--to must have the form gs://bucket');
  });
});

describe('readImageFile', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'slipway-image-file-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const digest = `sha256:${'0f'.repeat(32)}`;
  const file = async (content: string): Promise<string> => {
    const name = path.join(folder, 'image');
    await writeFile(name, content);
    return name;
  };

  test('one image by digest', async () => {
    const image = `europe-west1-docker.pkg.dev/acme-shop/slipway/api@${digest}`;
    expect(await readImageFile(await file(`${image}\n`))).toBe(image);
  });

  test.each([
    ['a tag', 'europe-west1-docker.pkg.dev/acme-shop/slipway/api:latest\n'],
    ['a tag with a digest', `europe-west1-docker.pkg.dev/acme-shop/slipway/api@${digest}x`],
    ['two images', `a/b@${digest}\na/c@${digest}\n`],
    ['no repository', `@${digest}`],
    ['nothing', ''],
  ])('%s is refused', async (_what, content) => {
    await expect(readImageFile(await file(content))).rejects.toThrow('not one image by digest');
  });

  test('a file that is not there: says which step writes it', async () => {
    await expect(readImageFile(path.join(folder, 'absent'))).rejects.toThrow(
      'the step that pushes the image has to write it',
    );
  });
});
