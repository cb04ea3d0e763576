import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import { createRandom } from '../../../local/core/random.ts';
import {
  readAssignment,
  routeClient,
  writeAssignment,
  type Assignment,
} from '../../../local/run/affinity.ts';
import type { Routes } from '../../../local/run/records.ts';
import { byRevision, runCloud, type RunCloud } from './run-cloud.ts';

type Shares = Pick<Routes, 'shares'>;
const split = (...shares: [string, number][]): Shares => ({
  shares: shares.map(([revision, percent]) => ({ revision, percent })),
});
const always = (): boolean => true;

describe('the cookie', () => {
  const assignment: Assignment = { revision: 'web-1', percent: 90, position: 0.25 };

  test('gives back what was written, among others', () => {
    const [pair] = writeAssignment('web', assignment, 0).split(';');
    expect(readAssignment('web', `a=1; ${pair ?? ''}; b=2`)).toEqual(assignment);
  });

  test('lasts for 30 days', () => {
    expect(writeAssignment('web', assignment, 0)).toContain('expires=Sat, 31 Jan 1970 00:00:00 GMT; path=/');
  });

  test.each([
    undefined,
    '',
    'GAESA_web=',
    'GAESA_web=eyJ9',
    'GAESA_web=bnVsbA',
    'GAESA_api=x',
    'GAESA_web=W10',
  ])('%s is none', (header) => {
    expect(readAssignment('web', header)).toBeUndefined();
  });
});

describe('a client', () => {
  const clients = 3_000;
  /** Routes every client anew, and gives each what its cookie says then. */
  const route = (
    routes: Shares,
    standing: readonly (Assignment | undefined)[],
    random: () => number,
  ): Assignment[] =>
    standing.map((each) => {
      const { revision, assign } = routeClient(routes, each, always, random);
      const next = assign ?? each;
      expect(next?.revision).toBe(revision);
      return next ?? { revision: '', percent: 0, position: 0 };
    });
  const share = (assigned: readonly Assignment[], revision: string): number =>
    assigned.filter((each) => each.revision === revision).length / assigned.length;
  const newcomers: readonly undefined[] = Array.from({ length: clients }, () => undefined);

  test('stays on its revision while the split is the same', () => {
    const random = createRandom(1);
    const routes = split(['a', 90], ['b', 10]);
    const first = route(routes, newcomers, random);
    expect(share(first, 'b')).toBeCloseTo(0.1, 1);
    expect(route(routes, first, random)).toEqual(first);
  });

  test('moves only if its revision loses what it holds', () => {
    const random = createRandom(2);
    let assigned = route(split(['a', 90], ['b', 10]), newcomers, random);
    for (const percent of [20, 50, 80]) {
      const before = assigned;
      assigned = route(split(['a', 100 - percent], ['b', percent]), before, random);
      expect(share(assigned, 'b')).toBeCloseTo(percent / 100, 1);
      const movedBack = before.filter(
        ({ revision }, index) => revision === 'b' && assigned[index]?.revision === 'a',
      );
      expect(movedBack).toHaveLength(0);
    }
    assigned = route(split(['a', 100]), assigned, random);
    expect(share(assigned, 'a')).toBe(1);
  });

  test('on a revision that has grown is counted to all of it', () => {
    const random = createRandom(3);
    const grown = route(split(['b', 100]), [{ revision: 'b', percent: 10, position: 0.6 }], random);
    expect(grown).toEqual([{ revision: 'b', percent: 100, position: 0.6 }]);
    expect(route(split(['a', 50], ['b', 50]), grown, random)[0]?.revision).toBe('a');
  });

  test.each<[string, Shares, Assignment, string[], string | undefined]>([
    [
      'of a revision without traffic goes elsewhere',
      split(['a', 100]),
      { revision: 'b', percent: 10, position: 0 },
      ['a', 'b'],
      'a',
    ],
    [
      'of a revision without affinity is split anew',
      split(['a', 100]),
      { revision: 'a', percent: 1, position: 0.9 },
      [],
      'a',
    ],
    [
      'finds nothing where nothing is routed',
      split(),
      { revision: 'a', percent: 1, position: 0.9 },
      ['a'],
      undefined,
    ],
  ])('%s', (_, routes, standing, sticky, expected) => {
    const routed = routeClient(routes, standing, (revision) => sticky.includes(revision), createRandom(4));
    expect(routed.revision).toBe(expected);
  });

  test('is told nothing by a revision without affinity', () => {
    expect(routeClient(split(['a', 100]), undefined, () => false, createRandom(5))).toEqual({
      revision: 'a',
    });
  });
});

describe('a service', () => {
  let cloud: RunCloud;
  let uri: string;
  let tagUri: string;
  beforeAll(async () => {
    cloud = await runCloud({ random: createRandom(6) });
    for (const revision of ['web-1', 'web-2'])
      await cloud.deploy(
        'web',
        {},
        {
          template: { revision, sessionAffinity: true },
          traffic: [{ type: byRevision, revision, percent: 100 }],
        },
      );
    const service = await cloud.route('web', [
      { type: byRevision, revision: 'web-1', percent: 50 },
      { type: byRevision, revision: 'web-2', percent: 50, tag: 'newest' },
    ]);
    uri = service.uri ?? '';
    tagUri = service.trafficStatuses?.[1]?.uri ?? '';
  });
  afterAll(() => cloud.close());

  const ask = async (
    to: string,
    cookie?: string,
  ): Promise<{ revision: string | null; cookies: string[] }> => {
    const response = await fetch(`${to}/cookies`, cookie === undefined ? {} : { headers: { cookie } });
    await response.body?.cancel();
    return { revision: response.headers.get('x-revision'), cookies: response.headers.getSetCookie() };
  };
  const sent = (cookies: readonly string[]): string => cookies.map((each) => each.split(';')[0]).join('; ');

  test('keeps a client on the revision that it has come to, beside the cookies of its own', async () => {
    const revisions = new Set<string | null>();
    for (let client = 0; client < 8; client += 1) {
      const first = await ask(uri);
      revisions.add(first.revision);
      expect(first.cookies).toEqual([
        'a=1',
        'b=2',
        expect.stringMatching(/^GAESA_web=.*; path=\/; HttpOnly$/),
      ]);
      for (let again = 0; again < 3; again += 1) {
        const next = await ask(uri, sent(first.cookies));
        expect(next).toEqual({ revision: first.revision, cookies: ['a=1', 'b=2'] });
      }
    }
    expect([...revisions].sort()).toEqual(['web-1', 'web-2']);
  });

  test('keeps a WebSocket on it too', async () => {
    const { revision, cookies } = await ask(uri);
    for (let again = 0; again < 4; again += 1) {
      const welcome = await new Promise<string>((resolve, reject) => {
        const request = httpRequest(uri, {
          headers: { connection: 'Upgrade', upgrade: 'websocket', cookie: sent(cookies) },
        });
        request.once('upgrade', (_response, socket, head) => {
          const greeted = (data: Buffer): void => {
            resolve(data.toString());
            socket.destroy();
          };
          if (head.length > 0) greeted(head);
          else socket.once('data', greeted);
        });
        request.once('error', reject);
        request.end();
      });
      expect(welcome).toContain(`welcome to ${revision ?? ''};`);
    }
  });

  test('tells a client at a tag nothing', async () => {
    expect(await ask(tagUri)).toEqual({ revision: 'web-2', cookies: ['a=1', 'b=2'] });
  });

  test('moves everybody off a revision that is taken back', async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => ask(uri)));
    await cloud.route('web', [{ type: byRevision, revision: 'web-1', percent: 100 }]);
    for (const { cookies } of clients) expect((await ask(uri, sent(cookies))).revision).toBe('web-1');
  });
});
