import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseGateOutcome } from '../../../scripts/builder/gate-outcome.ts';
import { readImageFile } from '../../../scripts/builder/image-file.ts';
import { lineCoverage } from '../../../scripts/builder/line-coverage.ts';
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

describe('lineCoverage', () => {
  test.each([
    ['two files', 'SF:a\nLF:10\nLH:9\nend_of_record\nSF:b\nLF:10\nLH:6\nend_of_record\n', 75],
    ['no line', 'TN:\n', undefined],
  ])('%s', (_what, lcov, expected) => {
    expect(lineCoverage(lcov)).toBe(expected);
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
