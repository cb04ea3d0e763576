import { describe, expect, test } from '@jest/globals';
import type { RunRevision, RunService, ServingTarget } from '../../../../functions/platform/cloud-run.ts';
import {
  awaitCandidate,
  lookAtCandidate,
  type CandidateLook,
} from '../../../../scripts/builder/smoke/await-candidate.ts';
import { surroundings } from '../builder-surroundings.ts';

const key = { service: 'web', id: '0123456-11111111' };
const name = 'web-0123456-11111111';
const url = 'https://c-0123456-11111111---web-x.a.run.app';

const revision = (ready: RunRevision['ready'], message = ''): RunRevision => ({
  name,
  labels: {},
  annotations: {},
  image: '',
  ready,
  message,
});
const tagged = (target: Partial<ServingTarget> = {}): ServingTarget => ({
  revision: name,
  percent: 0,
  tag: 'c-0123456-11111111',
  url,
  ...target,
});
const service = (serving: readonly ServingTarget[]): RunService => ({
  name: 'projects/p/locations/l/services/web',
  etag: '1',
  url: 'https://web-x.a.run.app',
  traffic: [],
  serving,
  settled: true,
  failure: undefined,
  open: false,
  lastModifier: undefined,
});
const there = { revision: name, url, serviceUrl: 'https://web-x.a.run.app', open: false };

describe('lookAtCandidate', () => {
  test.each<[what: string, RunService | undefined, RunRevision | undefined, CandidateLook]>([
    ['nothing yet', undefined, undefined, { kind: 'waiting', why: `${name} is not ready yet` }],
    ['it starts', service([]), revision('not-yet'), { kind: 'waiting', why: `${name} is not ready yet` }],
    [
      'it failed',
      service([tagged()]),
      revision('no', 'the container did not listen'),
      { kind: 'failed', why: `${name} is not ready: the container did not listen` },
    ],
    [
      'the address is to come',
      service([tagged({ url: undefined })]),
      revision('yes'),
      { kind: 'waiting', why: 'the tag c-0123456-11111111 has no address yet' },
    ],
    [
      'the tag still leads to another revision',
      service([tagged({ revision: 'web-old' })]),
      revision('yes'),
      { kind: 'waiting', why: 'the tag c-0123456-11111111 has no address yet' },
    ],
    [
      'it is there',
      service([tagged({ tag: undefined, url: undefined }), tagged()]),
      revision('yes'),
      { kind: 'there', address: there },
    ],
  ])('%s', (_what, serviceNow, revisionNow, expected) => {
    expect(lookAtCandidate(key, serviceNow, revisionNow)).toEqual(expected);
  });
});

describe('awaitCandidate', () => {
  test('looks again until it is there, and says now and then what it waits for', async () => {
    const around = surroundings('/nowhere');
    let looks = 0;
    const run = {
      service: () => Promise.resolve(service([tagged()])),
      revision: () => Promise.resolve(revision(++looks <= 12 ? 'not-yet' : 'yes')),
    };
    expect(await awaitCandidate(run, key, around)).toEqual(there);
    expect(around.printed).toEqual([`waiting: ${name} is not ready yet (10 s of 300 s)`]);
  });

  test('one that failed is not waited for', async () => {
    const run = {
      service: () => Promise.resolve(undefined),
      revision: () => Promise.resolve(revision('no', 'exit 1')),
    };
    await expect(awaitCandidate(run, key, surroundings('/nowhere'))).rejects.toThrow(
      `there is no candidate to look at: ${name} is not ready: exit 1`,
    );
  });

  test('it does not wait forever', async () => {
    let now = 0;
    const run = { service: () => Promise.resolve(undefined), revision: () => Promise.resolve(undefined) };
    const waited = awaitCandidate(run, key, {
      now: () => now,
      sleep: (milliseconds) => {
        now += milliseconds;
        return Promise.resolve();
      },
      print: () => undefined,
    });
    await expect(waited).rejects.toThrow(`after 300 s: ${name} is not ready yet`);
    expect(now).toBe(300_000);
  });
});
