import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readAudit } from '../../../../scripts/builder/security/audit-report.ts';
import { checkAudit } from '../../../../scripts/builder/security/check-audit.ts';
import { integrity, testFolder, type TestFolder } from './test-folder.ts';

const advisory = {
  id: 1100,
  url: 'https://github.com/advisories/GHSA-abcd-1234-wxyz',
  title: 'left pads to the right',
  severity: 'high',
  vulnerable_versions: '<1.3.0',
  cwe: [],
  cvss: { score: 0, vectorString: null },
};

/** A registry, as far as `npm audit` asks it: https://github.com/npm/registry */
function registry(
  advisories: object | undefined,
): Promise<{ server: Server; asked: unknown[]; url: string }> {
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const answer = (status: number, json: object): void => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
      };
      if (request.url === '/-/npm/v1/security/advisories/bulk' && advisories) {
        const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
        asked.push(JSON.parse(text.toString()));
        answer(200, advisories);
      } else if (request.url === '/left') {
        const version = (number: string) => ({ name: 'left', version: number, dist: { integrity } });
        answer(200, {
          name: 'left',
          'dist-tags': { latest: '1.3.0' },
          versions: { '1.2.0': version('1.2.0'), '1.3.0': version('1.3.0') },
        });
      } else answer(404, {});
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      resolve({ server, asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
    }),
  );
}

describe('npm audit', () => {
  let folder: TestFolder;
  let running: Server | undefined;
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(async () => {
    folder.remove();
    running?.closeAllConnections();
    if (running) await new Promise((resolve) => running?.close(resolve));
    running = undefined;
  });
  const look = async (advisories: object | undefined, policy = '') => {
    const { server, asked, url } = await registry(advisories);
    running = server;
    folder.write('services/shop/.npmrc', `registry=${url}\n`);
    return { looked: await checkAudit.look(folder.context(policy)), asked };
  };

  test('a vulnerable package is found, with its line and its way out', async () => {
    const { looked, asked } = await look({ left: [advisory] });
    expect(asked).toEqual([{ left: ['1.2.0'], tool: ['2.0.0'] }]);
    expect(looked).toEqual({
      kind: 'looked',
      scope: '2 packages',
      notes: [],
      findings: [
        expect.objectContaining({
          rule: 'audit/GHSA-abcd-1234-wxyz',
          message:
            'left <1.3.0: left pads to the right (high, GHSA-abcd-1234-wxyz); `npm audit fix` mends it',
          file: 'services/shop/package-lock.json',
          line: 13,
          url: advisory.url,
          subject: { id: 'GHSA-abcd-1234-wxyz', package: 'left' },
        }),
      ],
    });
  });

  test('what the policy lets pass is noted', async () => {
    const { looked } = await look({ left: [advisory] }, 'audit: { worst: high }\n');
    expect(looked).toMatchObject({
      findings: [],
      notes: [expect.stringContaining('left pads to the right')],
    });
  });

  test('nothing known: nothing found', async () => {
    expect((await look({})).looked).toEqual({ kind: 'looked', findings: [], notes: [], scope: '2 packages' });
  });

  test('a registry without advisories: skipped, with the reason', async () => {
    const { looked } = await look(undefined);
    expect(looked).toEqual({ kind: 'skipped', why: expect.stringMatching(/^no advisory source \(.*404/) });
  });

  test('no registry at all: skipped', async () => {
    folder.write('services/shop/.npmrc', 'registry=http://127.0.0.1:9/\n');
    const looked = await checkAudit.look(folder.context());
    expect(looked).toEqual({ kind: 'skipped', why: expect.stringContaining('no advisory source (') });
  }, 20_000);

  test('a lock file that cannot be read is no fault of the registry', async () => {
    folder.write('services/shop/package-lock.json', '{');
    await expect(checkAudit.look(folder.context())).rejects.toThrow(
      'services/shop/package-lock.json cannot be read: ',
    );
  });
});

describe('readAudit', () => {
  const report = (fixAvailable: unknown): string =>
    JSON.stringify({
      auditReportVersion: 2,
      vulnerabilities: {
        left: {
          via: [{ ...advisory, source: 1100, name: 'left', range: '<1.3.0' }],
          nodes: ['node_modules/left'],
          fixAvailable,
        },
        // Has it through left: no advisory of its own.
        top: { via: ['left'], nodes: ['node_modules/top'], fixAvailable: true },
      },
    });

  test.each([
    [true, '`npm audit fix` mends it'],
    [false, 'there is no fixed version yet'],
    [{ name: 'top', version: '3.0.0', isSemVerMajor: true }, 'top 3.0.0 mends it (a new major version)'],
  ])('a fix that is %j', (fix, expected) => {
    const audit = readAudit(report(fix));
    expect(audit.kind === 'report' ? audit.advisories.map((each) => each.fix) : audit).toEqual([
      expect.stringContaining(expected),
    ]);
  });

  test('another form is an error', () => {
    expect(() => readAudit('{"auditReportVersion":3}')).toThrow('npm audit answered in another form');
  });
});
