import { describe, expect, test } from '@jest/globals';
import { outcomeOf } from '../../../functions/release/outcome.ts';
import { timelineOf } from '../../../functions/release/timeline.ts';
import { newServiceRecord } from '../../../functions/release/service-record.ts';
import { at, older, serving, withStable } from '../../support/told-releases.ts';
import { sceneNames, scenes, type SceneName } from '../../support/told-scenes.ts';

const timeline = (name: SceneName): ReturnType<typeof timelineOf> =>
  timelineOf(scenes[name].release, scenes[name].record);

test.each<[SceneName, string, string]>([
  ['building', 'busy building', 'Its build runs (WORKING)'],
  ['verifying', 'busy verifying', 'api-3f2a1bc-0d97c63e is being probed, without traffic'],
  ['asked', 'busy 5 %', 'api-3f2a1bc-0d97c63e is being given 5 % of the traffic'],
  ['live', 'good live', 'api-3f2a1bc-0d97c63e serves all traffic, 38 min after its build began'],
  [
    'first',
    'good live',
    'api-3f2a1bc-0d97c63e serves all traffic, 12 min after its build began; it is the first of its service',
  ],
  [
    'superseded',
    'neutral superseded',
    'Stopped at 25 %: a newer release is being rolled out: 9b8c7d6-5e4f3a2b',
  ],
  ['waiting', 'unsure waiting', 'Waiting for approval of 25 %: npm run approve -- api'],
  ['approved', 'busy 25 %', 'api-3f2a1bc-0d97c63e has 25 % of the traffic, watched for 5 min to 20 min'],
  ['promoted', 'busy 100 %', 'api-3f2a1bc-0d97c63e has 100 % of the traffic, watched for 10 min'],
  ['inconclusive', 'unsure waiting', 'Waiting for approval of 5 %: npm run approve -- api'],
  ['frozen', 'unsure frozen', 'Frozen by Grace (npm run release -- api): an incident elsewhere'],
  [
    'failed',
    'bad failed',
    'Not healthy enough for any traffic: health check /health answered 500 instead of 200 (58 times) within 60 s',
  ],
  ['build-failed', 'bad failed', 'Its build failed: step test failed with exit status 1'],
  [
    'rolled-back-by-hand',
    'bad rolled back',
    'Taken back when it had been live for 1 d by Ada <ada@example.com>: rolled back to api-0c11d5e-77aa0b12: checkout is slow',
  ],
  [
    'taken-over',
    'unsure taken over',
    'Taken over at 25 % by grace@example.com: the traffic is api-x 100 %, where 25 % was asked for',
  ],
])('the outcome of a release that is %s', (name, tone, sentence) => {
  const outcome = outcomeOf(timeline(name));
  expect(`${outcome.tone} ${outcome.badge}`).toBe(tone);
  expect(outcome.sentence).toBe(sentence);
});

test('a release that was taken back says from where, to where, after how long and why', () => {
  expect(outcomeOf(timeline('rolled-back')).sentence).toMatch(
    /^Taken back from 25 % after 6 min 21 s with traffic, to api-0c11d5e-77aa0b12: Worse than stable: 41 of 380/,
  );
});

describe('the timeline', () => {
  test('has each step with when it was asked for, served and left', () => {
    const seconds = timeline('live').steps.map(({ percent, askedMs, fromMs, untilMs, tone }) => [
      percent,
      askedMs / 1000,
      fromMs / 1000,
      (untilMs ?? 0) / 1000,
      tone,
    ]);
    expect(seconds).toEqual([
      [5, 130, 134, 435, 'good'],
      [25, 435, 439, 741, 'good'],
      [50, 741, 745, 1646, 'unsure'],
      [100, 1646, 1650, 2251, 'good'],
    ]);
  });

  test('ends a bake when the release is live, however long it stays', () => {
    const { steps, liveMs, end } = timeline('rolled-back-by-hand');
    expect(steps.at(-1)?.untilMs).toBe(liveMs);
    expect(end).toMatchObject({ atMs: 90_000_000, stage: 'rolled-back', by: 'Ada <ada@example.com>' });
  });

  test('leaves open what is under way, and names what is to come', () => {
    const { steps, toCome, lastMs } = timeline('approved');
    expect(steps.at(-1)).toMatchObject({ percent: 25, tone: 'busy', untilMs: undefined });
    expect(toCome).toEqual([50, 100]);
    expect(lastMs).toBe(50_405_000);
  });

  test('has what people did, in the order of time', () => {
    expect(timeline('approved').events).toEqual([
      expect.objectContaining({ kind: 'approved', percent: 25, by: 'Ada <ada@example.com>' }),
    ]);
    expect(timeline('taken-over').events).toEqual([
      expect.objectContaining({ kind: 'taken-over', by: 'grace@example.com' }),
    ]);
    expect(timeline('rolled-back').events).toEqual([]);
  });

  test.each(sceneNames)('depends on the records alone: %s', (name) => {
    expect(timeline(name)).toEqual(timeline(name));
    expect(timeline(name).lastMs).toBeGreaterThanOrEqual(0);
  });

  test('does not say that the traffic went back to what was released later', () => {
    const { release } = scenes['rolled-back'];
    const newer = serving('api-9b8c7d6-5e4f3a2b', at(7_200));
    const back = (record: Parameters<typeof timelineOf>[1]): string | undefined =>
      timelineOf(release, record).backTo;
    expect(back(withStable({ stable: newer }))).toBeUndefined();
    expect(back(withStable({ stable: newer, previousGood: serving(older, at(-86_400)) }))).toBe(older);
    expect(back(newServiceRecord('api'))).toBeUndefined();
  });
});
