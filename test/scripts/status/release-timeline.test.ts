import { describe, expect, test } from '@jest/globals';
import { timelineOf } from '../../../functions/release/timeline.ts';
import type { Release } from '../../../functions/release/release.ts';
import { createStyle, visibleLength } from '../../../scripts/cli/style.ts';
import { releaseTimeline } from '../../../scripts/status/release-timeline.ts';
import { at, begun, policyOf, seen, told, withStable } from '../../support/told-releases.ts';
import { sceneNames, scenes, type SceneName } from '../../support/told-scenes.ts';

const plain = createStyle(false);
const now = new Date(at(50_500));
const lines = (name: SceneName, columns = 100): string[] =>
  releaseTimeline(timelineOf(scenes[name].release, scenes[name].record), now, columns, plain);

test.each<[SceneName, string[]]>([
  [
    'rolled-back',
    [
      'api 3f2a1bc-0d97c63e  rolled back',
      '  ✓ build    success, 2 min 8 s',
      '  ✓ verify   healthy, 34 s',
      '  ✓   5 %    █░░░░░░░░░░░░░░░░░░░  healthy, 5 min 1 s',
      '  ✗  25 %    █████░░░░░░░░░░░░░░░  unhealthy, 1 min 16 s',
    ],
  ],
  [
    'approved',
    [
      '  ●  25 %    █████░░░░░░░░░░░░░░░  being watched, 1 min 35 s so far',
      '  · to come  50 %, 100 %',
      '  2026-01-01 23:00:00 UTC Ada <ada@example.com> approved 25 %: looks good & "fine"',
    ],
  ],
  ['live', ['  ✓ 100 %    ████████████████████  healthy, 10 min (bake)']],
  ['asked', ['  ●   5 %    █░░░░░░░░░░░░░░░░░░░  asked for, 14 h so far']],
  ['build-failed', ['  ✗ build    failure, 1 min 1 s']],
])('a release that is %s', (name, expected) => {
  expect(lines(name)).toEqual(expect.arrayContaining(expected));
});

describe.each(sceneNames)('a terminal for %s', (name) => {
  test.each([40, 60, 80, 120])('of %i columns is not overrun', (columns) => {
    const longest = Math.max(...lines(name, columns).map(visibleLength));
    expect(longest).toBeLessThanOrEqual(columns);
  });

  test('without colours has none', () => {
    expect(lines(name).join('\n')).not.toContain('\u001b');
  });
});

test('a step that waits shows since when its verdict stands, and the reasons as they are known by now', () => {
  const story = [
    ...begun(policyOf({ onInconclusive: 'wait' })),
    ...seen.step(130, 5),
    ...seen.judged(1334, 5, 'inconclusive', 'Not clear yet: 0 of 31 answers of the candidate were errors'),
  ];
  const text = releaseTimeline(timelineOf(told(story), withStable()), now, 100, plain);
  expect(text).toContain(
    '  ?   5 %    █░░░░░░░░░░░░░░░░░░░  inconclusive since 2026-01-01 09:22:14 UTC, 13 h 59 min so far',
  );
  expect(text).toContain('      Not clear yet: 0 of 31 answers of the candidate were errors');
});

test('text from elsewhere does not steer the terminal', () => {
  const { release } = scenes['build-failed'];
  const nasty: Release = {
    ...release,
    branch: 'a\u001b[2Jb',
    history: [{ at: at(61), stage: 'failed', reason: 'x\u001b]0;title\u0007y' }],
  };
  const text = releaseTimeline(timelineOf(nasty, withStable()), now, 100, plain).join('\n');
  expect(text).not.toContain('\u001b');
  expect(text).not.toContain('\u0007');
});
