import { chmodSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { checkImage } from '../../../../scripts/builder/security/check-image.ts';
import { testFolder, type TestFolder } from './test-folder.ts';

/* Stand-ins for the scanners: they print reports in the forms that these document. */

const trivy = {
  SchemaVersion: 2,
  Results: [
    { Target: 'app' },
    {
      Target: 'debian',
      Vulnerabilities: [
        {
          VulnerabilityID: 'CVE-2026-1',
          PkgName: 'openssl',
          InstalledVersion: '3.0.1',
          FixedVersion: '3.0.2',
          Severity: 'HIGH',
          Title: 'reads too far',
          PrimaryURL: 'https://avd.test/CVE-2026-1',
        },
        { VulnerabilityID: 'CVE-2026-2', PkgName: 'zlib', InstalledVersion: '1.2', Severity: 'LOW' },
      ],
    },
  ],
};
const grype = {
  matches: [
    {
      vulnerability: {
        id: 'CVE-2026-1',
        severity: 'High',
        dataSource: '',
        fix: { versions: [], state: 'not-fixed' },
      },
      artifact: { name: 'openssl', version: '3.0.1' },
    },
    { vulnerability: { id: 'CVE-2026-2', severity: 'Medium' }, artifact: { name: 'zlib', version: '1.2' } },
  ],
};

describe('image-scan', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(() => {
    folder.remove();
  });
  const install = (name: string, script: string): string => {
    folder.write(`bin/${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(folder.root, 'bin', name), 0o755);
    return path.join(folder.root, 'bin');
  };
  const look = (searchPath: string, image: string | undefined = 'acme/shop:1') =>
    checkImage.look(folder.context('', { searchPath, image }));

  test('no scanner: skipped', async () => {
    expect(await look('/nowhere')).toEqual({
      kind: 'skipped',
      why: 'no image scanner here (trivy or grype)',
    });
  });

  test('no image: skipped', async () => {
    const searchPath = install('trivy', 'exit 1');
    expect(await checkImage.look(folder.context('', { searchPath }))).toEqual({
      kind: 'skipped',
      why: 'no image was named (--image)',
    });
  });

  test.each([
    ['trivy', trivy, 'openssl 3.0.1 in the image: reads too far (high, CVE-2026-1); fixed in 3.0.2: take'],
    [
      'grype',
      grype,
      'openssl 3.0.1 in the image: a vulnerability (high, CVE-2026-1); there is no fixed version yet',
    ],
  ])('%s: what is worse than the policy lets pass', async (name, report, expected) => {
    const searchPath = install(
      name,
      `for last; do :; done; [ "$last" = acme/shop:1 ] || exit 9; cat <<'END'\n${JSON.stringify(report)}\nEND`,
    );
    expect(await look(searchPath)).toEqual({
      kind: 'looked',
      notes: [],
      scope: `acme/shop:1 by ${name}`,
      findings: [
        expect.objectContaining({
          rule: 'image-scan/CVE-2026-1',
          file: 'services/shop/Dockerfile',
          message: expect.stringContaining(expected),
        }),
      ],
    });
  });

  test('a scanner that fails is a failure', async () => {
    await expect(look(install('trivy', 'echo "no such image" >&2; exit 1'))).rejects.toThrow(
      'trivy could not scan acme/shop:1 (exit 1): no such image',
    );
  });
});
