import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GitHubBusyError, openGitHub, type GitHub } from '../../../functions/platform/github.ts';
import { gitHubCloud, type GitHubCloud } from '../../local/github/github-cloud.ts';
import { clearFaults, setFaults } from '../../support/api-faults.ts';

describe('GitHub', () => {
  let cloud: GitHubCloud;
  let github: GitHub;
  const open = (apiUrl: string, now?: () => number): GitHub =>
    openGitHub({ apiUrl, token: 't', repository: { owner: 'acme', name: 'web' }, ...(now ? { now } : {}) });
  const status = { state: 'success', context: 'c', description: 'd', targetUrl: '' } as const;
  beforeAll(async () => {
    cloud = await gitHubCloud({ contentLimits: { perMinute: 2, perHour: 500 } });
    github = open(cloud.context.origin);
  });
  afterAll(() => cloud.close());
  afterEach(() => clearFaults(cloud.context.origin));

  test('a 429 says how long to wait and is no refusal (trap 28)', async () => {
    await setFaults(cloud.context.origin, 1, { probability: 1, fault: 'refuse-429', retryAfterSeconds: 7 });
    const error = { name: 'GitHubBusyError', retryAfterSeconds: 7 };
    await expect(github.createStatus(cloud.main, status)).rejects.toMatchObject(error);
    await expect(github.branchHead('main')).rejects.toMatchObject(error);
  });

  test.each(['refuse-500', 'refuse-503', 'timeout-before', 'error-after-effect'])(
    '%s is thrown, so that the message comes again',
    async (fault) => {
      await setFaults(cloud.context.origin, 1, { probability: 1, fault });
      // What was done although the answer was an error is done twice then, which shows nowhere.
      await expect(github.branchHead('main')).rejects.toThrow();
      await expect(github.createStatus('f'.repeat(40), status)).rejects.toThrow();
    },
  );

  test('the limit on creating content is a 403 with a time to wait (trap 28)', async () => {
    const answers: unknown[] = [];
    for (let count = 0; count < 4; count += 1)
      answers.push(await github.createStatus(cloud.main, status).catch((error: unknown) => error));
    const limit = answers.at(-1);
    expect(limit).toBeInstanceOf(GitHubBusyError);
    const { retryAfterSeconds } = limit as GitHubBusyError;
    expect(retryAfterSeconds).toBeGreaterThan(30);
    expect(retryAfterSeconds).toBeLessThanOrEqual(60);
  });

  test.each<[string, number, Record<string, string>, object]>([
    [
      'a primary limit (trap 28)',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1090' },
      { retryAfterSeconds: 90 },
    ],
    [
      'a primary limit that is over',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '900' },
      { retryAfterSeconds: 1 },
    ],
    ['a limit that says nothing (trap 28)', 429, {}, { retryAfterSeconds: 60 }],
    ['a missing permission is no limit', 403, { 'x-ratelimit-remaining': '4999' }, { status: 403 }],
    ['a wrong token', 401, {}, { status: 401 }],
  ])('%s', async (_, code, headers, expected) => {
    const server = createServer((_request, response) => {
      response.writeHead(code, { 'content-type': 'application/json', ...headers }).end('{"message":"no"}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await expect(open(url, () => 1_000_000).createStatus('a'.repeat(40), status)).rejects.toMatchObject(
        expected,
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
