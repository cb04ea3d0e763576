import { describe, expect, test } from '@jest/globals';
import type { TrafficTarget } from '../../../functions/platform/cloud-run.ts';
import {
  newServiceRecord,
  type ServiceRecord,
  type Shares,
} from '../../../functions/release/service-record.ts';
import {
  asking,
  inWords,
  isForeign,
  sharesOf,
  trafficFor,
  wantedShares,
} from '../../../functions/rollout/shares.ts';

const to = (revision: string | undefined, percent: number, tag?: string): TrafficTarget => ({
  revision,
  percent,
  tag,
});
const shares = (percents: Record<string, number>): Shares =>
  Object.entries(percents).map(([revision, percent]) => ({ revision, percent }));

test.each<[string, TrafficTarget[], Record<string, number>]>([
  ['nothing', [], {}],
  ['the first entry may be a tag with 0 % (trap 14)', [to('b', 0, 'c-b'), to('a', 100)], { a: 100 }],
  ['a revision that is named twice counts once', [to('a', 60), to('a', 40, 'c-a')], { a: 100 }],
  ['the order does not matter', [to('b', 10), to('a', 90)], { a: 90, b: 10 }],
  ['a pin to the latest is no revision of ours (trap 9)', [to(undefined, 100)], { '(latest)': 100 }],
])('shares: %s', (_, targets, expected) => {
  expect(sharesOf(targets)).toEqual(shares(expected));
});

test.each<[string, string, number, string | undefined, Record<string, number>]>([
  ['a step', 'new', 10, 'old', { new: 10, old: 90 }],
  ['all of it', 'new', 100, 'old', { new: 100 }],
  ['nothing was stable before: it has all, whatever was asked', 'new', 10, undefined, { new: 100 }],
  ['the stable one itself', 'old', 10, 'old', { old: 100 }],
])('wanted: %s', (_, candidate, percent, stable, expected) => {
  expect(wantedShares(candidate, percent, stable)).toEqual(shares(expected));
});

describe('the traffic that is asked for', () => {
  const current = [to('old', 100), to('old', 0, 'c-old'), to('new', 0, 'c-new'), to('older', 0, 'v1')];

  test('every tag stays where it is (trap 16)', () => {
    const traffic = trafficFor(shares({ new: 10, old: 90 }), current);
    expect(traffic.filter(({ tag }) => tag !== undefined)).toEqual([
      to('old', 0, 'c-old'),
      to('new', 0, 'c-new'),
      to('older', 0, 'v1'),
    ]);
    expect(sharesOf(traffic)).toEqual(shares({ new: 10, old: 90 }));
  });

  test('a tag that had traffic keeps none of it', () => {
    const traffic = trafficFor(shares({ new: 100 }), [to('old', 100, 'c-old')]);
    expect(traffic).toEqual([to('new', 100), to('old', 0, 'c-old')]);
  });

  test('a revision that did not start keeps no tag: it would hold up all others (trap 13)', () => {
    const traffic = trafficFor(shares({ old: 100 }), current, new Set(['new']));
    expect(traffic.map(({ tag }) => tag)).toEqual([undefined, 'c-old', 'v1']);
  });
});

const asked = (wanted: Shares, ...before: Shares[]): ServiceRecord => ({
  ...newServiceRecord('api'),
  traffic: { asked: wanted, before, at: 'then', by: 'x' },
});

test.each<[string, ServiceRecord, Record<string, number>, boolean]>([
  ['nothing was ever asked for', newServiceRecord('api'), { old: 100 }, false],
  ['what was asked for last', asked(shares({ new: 100 })), { new: 100 }, false],
  ['not there yet', asked(shares({ new: 100 }), shares({ old: 100 })), { old: 100 }, false],
  ['the step before the last', asked(shares({ c: 1 }), shares({ b: 1 }), shares({ a: 1 })), { a: 1 }, false],
  ['what was before, once all has arrived', asked(shares({ new: 100 })), { old: 100 }, true],
  ['somebody went back half way', asked(shares({ new: 100 })), { new: 50, old: 50 }, true],
  ['somebody pinned to the latest', asked(shares({ new: 100 })), { '(latest)': 100 }, true],
])('somebody else was there: %s', (_, record, observed, foreign) => {
  expect(isForeign(shares(observed), record)).toBe(foreign);
});

describe('what is written down before it is asked for', () => {
  const old = shares({ old: 100 });
  const ten = shares({ new: 10, old: 90 });
  const all = shares({ new: 100 });

  test('what may still be the case goes with it', () => {
    expect(asking(ten, old, newServiceRecord('api'), 'now', 'r')).toEqual({
      asked: ten,
      before: [old],
      at: 'now',
      by: 'r',
    });
    expect(asking(all, old, asked(ten, old), 'now', 'r').before).toEqual([old, ten]);
  });

  test('asked again, nothing changes', () => {
    const record = asked(ten, old);
    expect(asking(ten, all, record, 'later', 'other')).toBe(record.traffic);
  });

  test('what is wanted is not among what was before, and nothing is there twice', () => {
    expect(asking(old, old, asked(ten, old, ten), 'now', 'r').before).toEqual([ten]);
  });

  test('the list stays short', () => {
    const before = Array.from({ length: 30 }, (_, index) => shares({ [`r${index}`]: 100 }));
    expect(asking(all, old, asked(ten, ...before), 'now', 'r').before).toHaveLength(8);
  });
});

test.each<[Record<string, number>, string]>([
  [{}, 'no traffic'],
  [{ a: 10, b: 90 }, 'b 90 %, a 10 %'],
])('in words: %j', (percents, text) => {
  expect(inWords(shares(percents))).toBe(text);
});
