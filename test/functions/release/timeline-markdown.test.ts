import { expect, test } from '@jest/globals';
import { timelineMarkdown } from '../../../functions/release/timeline-markdown.ts';
import { timelineOf } from '../../../functions/release/timeline.ts';
import type { Release } from '../../../functions/release/release.ts';
import { withStable } from '../../support/told-releases.ts';
import { sceneNames, scenes, type SceneName } from '../../support/told-scenes.ts';

const links = { picture: '3f2a1bc-0d97c63e.svg', commit: 'https://github.com/o/r/commit/3f2a1bc' };
const report = (name: SceneName): string =>
  timelineMarkdown(timelineOf(scenes[name].release, scenes[name].record), links);

test.each<[SceneName, string[]]>([
  [
    'rolled-back',
    [
      '# api 3f2a1bc: rolled back',
      '![Traffic and verdicts of the release over time](<3f2a1bc-0d97c63e.svg>)',
      '| build | 2026-01-01 09:00:00 UTC | 2 min 8 s | SUCCESS |',
      '| 5 % | +2 min 10 s | +2 min 14 s | 5 min 1 s | healthy |',
      '| 25 % | +7 min 15 s | +7 min 19 s | 1 min 16 s | unhealthy |',
      '- **25 %: unhealthy** (2026-01-01 09:08:32 UTC)',
      '- Commit [3f2a1bc444444444444444444444444444444444](<https://github.com/o/r/commit/3f2a1bc>) on main',
      '- Log of build [0d97c63e-1111-4222-8333-444455556666](<https://console.cloud.google.com/cloud-build/builds/0d97c63e>)',
    ],
  ],
  [
    'approved',
    [
      '# api 3f2a1bc: 25 %',
      '- 2026-01-01 23:00:00 UTC: **Ada &lt;ada@\u200bexample.com&gt;** approved 25 %: looks good &amp; "fine"',
      '| 25 % | +14 h | +14 h | under way | none |',
    ],
  ],
  ['build-failed', ['**Its build failed: step test failed with exit status 1**']],
  [
    'failed',
    [
      '| 2026-01-01 09:02:19 UTC | health | wrong-status: expected &lt;200&gt; \\| got other | 500 | 15 ms |  |',
      '- **before traffic: unhealthy** (2026-01-01 09:02:20 UTC)',
    ],
  ],
])('the report of a release that is %s', (name, lines) => {
  expect(report(name).split('\n')).toEqual(expect.arrayContaining(lines));
});

test('a release without traffic has no table of it', () => {
  expect(report('failed')).not.toContain('## Traffic');
  expect(report('build-failed')).not.toContain('## Last probes');
});

test.each(sceneNames)('every row of a table has as many cells as its head: %s', (name) => {
  let cells: number | undefined;
  for (const line of report(name).split('\n')) {
    if (!line.startsWith('|')) {
      cells = undefined;
      continue;
    }
    const count = line.replaceAll('\\|', '').split('|').length;
    cells ??= count;
    expect(count).toBe(cells);
  }
});

test('text from elsewhere is neither markup nor a link nor a mention', () => {
  const { release } = scenes['build-failed'];
  const nasty: Release = {
    ...release,
    branch: 'x](javascript:alert(1))',
    build: { ...release.build, logUrl: 'javascript:alert(1)' },
    history: [{ at: release.createdAt, stage: 'failed', reason: '<img src=x>\n# @team | `rm` [a](b)' }],
  };
  const text = timelineMarkdown(timelineOf(nasty, withStable()), links);
  expect(text).not.toContain('<img');
  expect(text).not.toMatch(/[^\\]\]\(<?javascript/);
  expect(text).not.toMatch(/@team/);
  expect(text).not.toMatch(/\n# @/);
});
