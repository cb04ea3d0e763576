import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { withinTagLimit } from '../../../local/run/limits.ts';
import type { TrafficTarget } from '../../../local/run/resources.ts';
import { until } from '../../support/until.ts';
import { byRevision, fullName, runCloud, type RunCloud } from './run-cloud.ts';

let cloud: RunCloud;
beforeAll(async () => {
  cloud = await runCloud({ limits: { revisionsPerService: 3, tagsPerRegion: 2 } });
});
afterAll(() => cloud.close());

const target = (revision: string, percent: number, tag?: string): TrafficTarget => ({
  type: byRevision,
  revision,
  ...(percent === 0 ? {} : { percent }),
  ...(tag === undefined ? {} : { tag }),
});

test.each<[string, TrafficTarget[], number, string[]]>([
  ['nothing goes while there is room', [target('a', 100), target('b', 0, 'x')], 1, ['a', 'b']],
  ['the first idle tags go', [target('a', 100), target('b', 0, 'x'), target('c', 0, 'y')], 1, ['a', 'c']],
  ['tags with traffic stay', [target('a', 100, 'x'), target('b', 0, 'y')], 2, ['a']],
  ['tags of others are not touched', [target('a', 100)], 5, ['a']],
])('%s', (_, traffic, others, expected) => {
  expect(withinTagLimit(traffic, others, 2).map(({ revision }) => revision)).toEqual(expected);
});

test('the oldest revisions that nothing leads to go, and the oldest idle tags (trap 26)', async () => {
  const revisions = ['web-1', 'web-2', 'web-3', 'web-4', 'web-5'];
  for (const revision of revisions) {
    const tags = (await cloud.get('web').catch(() => undefined))?.traffic ?? [];
    const before = tags.map(({ revision: name, percent, tag }) =>
      target(name ?? '', percent ?? 0, tag === '' ? undefined : (tag ?? undefined)),
    );
    await cloud.deploy(
      'web',
      {},
      {
        template: { revision },
        traffic:
          before.length === 0 ? [target(revision, 100)] : [...before, target(revision, 0, `c-${revision}`)],
      },
    );
  }
  const service = await cloud.get('web');
  expect(service.traffic?.map(({ revision, percent }) => [revision, percent])).toEqual([
    ['web-1', 100],
    ['web-4', 0],
    ['web-5', 0],
  ]);
  const names = async (): Promise<string[]> => {
    const [listed] = await cloud.revisions.listRevisions({ parent: fullName('web') });
    return listed.map(({ name }) => name?.split('/').at(-1) ?? '').sort();
  };
  await until(async () => (await names()).length === 3, 'the surplus is gone');
  expect(await names()).toEqual(['web-1', 'web-4', 'web-5']);
});
