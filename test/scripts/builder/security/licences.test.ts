import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkLicences } from '../../../../scripts/builder/security/check-licences.ts';
import { testFolder, type TestFolder } from './test-folder.ts';

describe('licences', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(() => {
    folder.remove();
  });
  const messages = async (policy = ''): Promise<string[]> => {
    const looked = await checkLicences.look(folder.context(policy));
    return looked.kind === 'looked'
      ? looked.findings.map(({ line, message }) => `${line ?? ''} ${message}`)
      : [];
  };

  test('those of production packages alone', async () => {
    expect(await messages()).toEqual([]);
  });

  test('those of all packages, when all are delivered', async () => {
    expect(await messages('licences: { scope: all }\n')).toEqual([
      expect.stringMatching(/^18 tool 2\.0\.0 has the licence GPL-3\.0-only, which is not allowed/),
    ]);
  });

  test.each([
    [{ license: 'GPL-3.0-only' }, 'left 1.2.0 has the licence GPL-3.0-only, which is not allowed'],
    [{ license: 'SEE LICENSE IN LICENSE' }, 'which is no SPDX expression'],
    [{ license: 'MIT AND GPL-3.0-only' }, 'MIT AND GPL-3.0-only, which is not allowed'],
  ])('what is installed says %j', async (manifest, expected) => {
    folder.write('services/shop/node_modules/left/package.json', manifest);
    expect(await messages()).toEqual([expect.stringContaining(expected)]);
  });

  test('no licence anywhere', async () => {
    folder.write('services/shop/package-lock.json', {
      lockfileVersion: 3,
      packages: { 'node_modules/left': { version: '1.2.0' } },
    });
    expect(await messages()).toEqual([expect.stringContaining('left 1.2.0 names no licence')]);
  });
});
