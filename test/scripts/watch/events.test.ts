import { expect, test } from '@jest/globals';
import type { CloudBuild } from '../../../functions/platform/cloud-build.ts';
import type { Release } from '../../../functions/release/release.ts';
import { createStyle } from '../../../scripts/cli/style.ts';
import { eventsBetween } from '../../../scripts/watch/events.ts';
import { renderSnapshot } from '../../../scripts/watch/render.ts';
import type { Snapshot } from '../../../scripts/watch/snapshot.ts';
import { summarise } from '../../../scripts/watch/summary.ts';
import { canaryTo25, seen, told } from '../../support/told-releases.ts';
import { scenes, type SceneName } from '../../support/told-scenes.ts';

function snapshot(release: Release, percent: number): Snapshot {
  const build: CloudBuild = {
    ...release.build,
    status: 'SUCCESS',
    statusDetail: '',
    failure: '',
    commit: release.commit,
    repository: 'o/r',
    branch: release.branch,
    substitutions: {},
    steps: [],
    seconds: 128,
  };
  const view = { service: 'api', purpose: 'release', build, release, percent, url: 'https://api' } as const;
  return { commit: release.commit, builds: [view], statuses: [] };
}
const of = (name: SceneName, percent = 0): Snapshot => snapshot(scenes[name].release, percent);
const texts = (before: Snapshot, now: Snapshot): string[] =>
  eventsBetween(before, now).map(({ text }) => text);

test('a step is told when it begins, when it is judged, and when a person lets it go on', () => {
  const before = of('verifying');
  expect(texts(before, of('asked'))).toContain('release 3f2a1bc-0d97c63e gets 5 % of the traffic');
  const judged = texts(of('asked'), of('waiting', 5));
  expect(judged).toContain('release 3f2a1bc-0d97c63e at 5 % is healthy: Not worse than stable');
  expect(judged).toContain('api-3f2a1bc-0d97c63e serves 5 %  https://api');
  expect(texts(of('waiting', 5), of('approved', 25))).toContain(
    'release 3f2a1bc-0d97c63e: 25 % approved by Ada <ada@example.com>: looks good & "fine"',
  );
  expect(texts(of('asked'), of('promoted'))).toContain(
    'release 3f2a1bc-0d97c63e: promoted by Ada <ada@example.com>: looks good & "fine"',
  );
});

test('what was told is not told again', () => {
  expect(texts(of('approved', 25), of('approved', 25))).toEqual([]);
});

const row = (now: Snapshot): string =>
  renderSnapshot(now, 'x', 0, createStyle(false)).find((line) => line.startsWith('api ')) ?? '';

test.each<[string, Snapshot, string]>([
  ['a step that is watched', snapshot(told(canaryTo25), 25), 'watching 25 %  25 % '],
  ['a step that is not served yet', of('asked'), 'watching 5 %  0 → 5 % '],
  ['a step with a verdict', of('waiting', 5), '5 % healthy  5 % '],
  ['a live release', of('live', 100), 'healthy  100 % '],
  ['a candidate without a verdict', of('verifying'), 'verifying  0 % '],
])('the live view of %s', (_, now, expected) => {
  expect(row(now).replace(/ {2,}/g, '  ')).toContain(expected.replace(/ {2,}/g, '  '));
});

test('the summary of what was taken back has the verdict that took it back', () => {
  const unhealthy = told([...canaryTo25, ...seen.judged(500, 25, 'unhealthy', 'errors')]);
  expect(summarise(snapshot(unhealthy, 25))[0]?.verdict).toBe('unhealthy');
  expect(summarise(of('live', 100))[0]?.verdict).toBe('healthy');
});
