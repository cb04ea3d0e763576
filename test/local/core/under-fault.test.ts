import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createGitHubRoom } from '../../../local/github/github-room.ts';
import { handled, Reply } from '../../../local/core/room.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

let cloud: TestCloud;
let done = 0;

beforeAll(async () => {
  cloud = await testCloud();
  await cloud.serve([
    createStorageRoom(cloud.context).room,
    createGitHubRoom(cloud.context).room,
    {
      name: 'test',
      routes: [
        {
          method: 'POST',
          path: '/v1/things',
          async handle({ bytes }) {
            await bytes();
            done += 1;
            return { done };
          },
        },
        {
          method: 'POST',
          path: '/v1/streams',
          async handle({ bytes, response }) {
            await bytes();
            // More than a socket takes at once: nobody reads it, and it must come to its end all the same.
            for (let part = 0; part < 64; part += 1)
              if (!response.write(Buffer.alloc(64 * 1024))) await once(response, 'drain');
            done += 1;
            response.end();
            return handled;
          },
        },
        { method: 'POST', path: '/v1/refusing', handle: () => new Reply(404, {}) },
      ],
    },
  ]);
});
afterAll(() => cloud.close());
beforeEach(() => {
  done = 0;
});

const call = async (
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; headers: Headers; json: unknown } | 'no answer'> => {
  try {
    const response = await fetch(cloud.context.origin + path, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, headers: response.headers, json: await response.json() };
  } catch {
    return 'no answer';
  }
};
const set = (rule: object): Promise<unknown> =>
  call('PUT', '/local/faults', { seed: 1, rules: [{ probability: 1, ...rule }] });
const outcome = async (path: string): Promise<unknown> => {
  const answer = await call('POST', path, {});
  return [answer === 'no answer' ? answer : answer.status, done];
};

describe.each(['/v1/things', '/v1/streams'])('a request to %s', (path) => {
  test.each<[string, unknown]>([
    ['refuse-409', [409, 0]],
    ['refuse-429', [429, 0]],
    ['refuse-500', [500, 0]],
    ['refuse-503', [503, 0]],
    ['error-after-effect', [500, 1]],
    ['timeout-before', ['no answer', 0]],
    ['timeout-after-effect', ['no answer', 1]],
  ])('under %s', async (fault, expected) => {
    await set({ fault });
    expect(await outcome(path)).toEqual(expected);
  });
});

test('what the API would have refused is lost with its answer', async () => {
  await set({ fault: 'error-after-effect' });
  expect(await outcome('/v1/refusing')).toEqual([500, 0]);
});

test('a delay alone lets the request through', async () => {
  await set({ delayMs: [30, 40] });
  const before = Date.now();
  expect(await outcome('/v1/things')).toEqual([200, 1]);
  expect(Date.now() - before).toBeGreaterThanOrEqual(29);
});

test.each<[string, string, number, object]>([
  ['Google’s APIs', '/v1/things', 409, { error: { code: 409, status: 'ABORTED' } }],
  ['Google’s APIs', '/v1/things', 429, { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }],
  ['Google’s APIs', '/v1/things', 500, { error: { code: 500, status: 'INTERNAL' } }],
  ['Google’s APIs', '/v1/things', 503, { error: { code: 503, status: 'UNAVAILABLE' } }],
  ['Storage', '/storage/v1/b', 429, { error: { code: 429, errors: [{ reason: 'rateLimitExceeded' }] } }],
  ['Storage', '/storage/v1/b', 503, { error: { code: 503, errors: [{ reason: 'backendError' }] } }],
  [
    'GitHub',
    '/user/repos',
    500,
    { status: '500', documentation_url: expect.stringContaining('docs.github.com') as unknown },
  ],
])('the error of %s (%s, %i) is in its own form', async (_, path, status, expected) => {
  await set({ fault: `refuse-${status}` });
  expect(await call('POST', path, {})).toMatchObject({ status, json: expected });
});

test.each<[string, string, object, string | null]>([
  ['GitHub’s 429 says when to come back (trap 28)', '/user/repos', {}, '60'],
  ['the time can be set', '/user/repos', { retryAfterSeconds: 2 }, '2'],
  ['Google’s says nothing', '/v1/things', {}, null],
  ['unless it is told to', '/v1/things', { retryAfterSeconds: 3 }, '3'],
])('%s', async (_, path, settings, expected) => {
  await set({ fault: 'refuse-429', ...settings });
  const answer = await call('POST', path, {});
  expect(answer === 'no answer' ? answer : answer.headers.get('retry-after')).toBe(expected);
});

test('faults are shown with their counts, changed and taken away while the cloud runs', async () => {
  const rule = { match: { pathPrefix: '/v1/things' }, probability: 1, fault: 'refuse-503' };
  await set(rule);
  await call('POST', '/v1/things', {});
  await call('POST', '/v1/refusing', {});
  expect(await call('GET', '/local/faults')).toMatchObject({
    json: { seed: 1, rules: [rule], counts: [{ matched: 1, struck: 1 }] },
  });
  expect(await call('PUT', '/local/faults', { seed: 1, rules: [{}] })).toMatchObject({ status: 400 });
  expect(await call('DELETE', '/local/faults')).toMatchObject({ json: {} });
  expect(await call('GET', '/local/faults')).toMatchObject({ json: {} });
  expect(await outcome('/v1/things')).toEqual([200, 1]);
});
