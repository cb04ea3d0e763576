import { describe, expect, test } from '@jest/globals';
import { objects } from '../../../functions/release/naming.ts';
import type { ServiceRecord } from '../../../functions/release/service-record.ts';
import { keptRevisions, keptTags } from '../../../functions/rollout/retention.ts';
import { nthRelease, servingNth } from '../../support/release.ts';
import { rolloutWorld, type RolloutWorld } from '../../support/rollout-world.ts';

const stable = servingNth(2);
const previousGood = servingNth(1);
const idOf = (number: number): string =>
  `${String(number).padStart(7, '0')}-${String(number).padStart(8, '0')}`;
const nameOf = (number: number): string => `api-${idOf(number)}`;

/** Older revisions of the pipeline's, and the two that are needed, older than all of them. */
async function worldWith(
  older: number,
  { tags = 0, record = {} }: { tags?: number; record?: Partial<ServiceRecord> } = {},
): Promise<RolloutWorld> {
  const world = rolloutWorld();
  await world.stand({ stable, previousGood, ...record }, nthRelease(1, 'superseded'), nthRelease(2, 'live'));
  await world.serve({ [stable.revision]: 100 });
  for (let number = 1; number <= older; number += 1) {
    const [commit = '', build = ''] = idOf(number).split('-');
    world.run.addRevision(
      'api',
      {
        name: nameOf(number),
        labels: { 'commit-sha': commit.padEnd(40, 'a'), 'build-id': `${build}-0000` },
        createdAt: new Date(Date.UTC(2026, 0, 9, 0, number)).toISOString(),
      },
      number > older - tags ? `c-${idOf(number)}` : undefined,
    );
  }
  return world;
}

const left = async (world: RolloutWorld): Promise<string[]> =>
  (await world.run.revisions('api')).map(({ name }) => name).filter((name) => name.startsWith('api-0'));

const tick = async (world: RolloutWorld, times = 1): Promise<void> => {
  for (let time = 0; time < times; time += 1) {
    await world.handle();
    world.pass(600);
  }
};

describe('old tags and revisions', () => {
  test('go some at a time, oldest first, until as many are left as are kept (trap 26)', async () => {
    const world = await worldWith(keptRevisions + 12);
    await tick(world);
    expect(await left(world)).toHaveLength(keptRevisions + 2);
    expect(await world.run.revision('api', nameOf(10))).toBeUndefined();
    expect(await world.run.revision('api', nameOf(11))).toBeDefined();
    await tick(world, 3);
    expect(await left(world)).toHaveLength(keptRevisions);
    for (const { revision } of [stable, previousGood])
      expect(await world.run.revision('api', revision)).toBeDefined();
  });

  test('lose their tags in one change, which leaves the traffic as it is', async () => {
    const world = await worldWith(keptTags + 3, { tags: keptTags + 3 });
    const before = await world.record();
    await tick(world);
    expect(world.run.accepted).toEqual([{ service: 'api', shares: { [stable.revision]: 100 } }]);
    // Those two of the stable and the previous good revision stay beside the newest.
    expect(world.run.tags('api')).toHaveLength(keptTags + 2);
    expect(world.run.tags('api')).toEqual(
      expect.arrayContaining(['c-1111111-11111111', 'c-2222222-22222222']),
    );
    expect(await world.record()).toEqual(before);
    await tick(world, 3);
    expect(world.run.accepted).toHaveLength(1);
    expect(world.pages()).toEqual([]);
  });

  test('are deleted once their tags are gone', async () => {
    const world = await worldWith(keptRevisions + 2, { tags: keptRevisions + 2 });
    await tick(world);
    expect(await left(world)).toHaveLength(keptRevisions + 2);
    await tick(world, 3);
    expect(await left(world)).toHaveLength(keptRevisions);
    expect(world.run.served('api')).toEqual({ [stable.revision]: 100 });
  });

  const at = '2026-01-20T00:00:00.000Z';
  const busy: [string, Partial<ServiceRecord>][] = [
    ['a release is being rolled out', { rollingOut: { release: idOf(9), order: '' } }],
    ['the service is frozen', { frozen: { at, by: 'ana', why: 'a sale', cause: 'person' } }],
  ];
  test.each(busy)('stay while %s', async (_, record) => {
    const world = await worldWith(keptRevisions + 2, { record });
    await tick(world, 2);
    expect(await left(world)).toHaveLength(keptRevisions + 2);
  });

  test('stay while Cloud Run does not serve what was asked for', async () => {
    const world = await worldWith(keptRevisions + 2);
    world.run.failsToServe('no quota');
    const service = await world.run.service('api');
    if (service) await world.run.setTraffic(service, service.traffic);
    await tick(world, 4);
    expect(await left(world)).toHaveLength(keptRevisions + 2);
    expect(world.run.accepted).toHaveLength(1);
  });

  test('stay when they are of a release that is under way', async () => {
    const world = await worldWith(keptRevisions + 2);
    await world.bucket.write(objects.active({ service: 'api', id: idOf(1) }), '', 'text/plain');
    await tick(world, 2);
    expect(await world.run.revision('api', nameOf(1))).toBeDefined();
    expect(await world.run.revision('api', nameOf(2))).toBeUndefined();
  });

  test('stay when a person asks to go back to one of them in between', async () => {
    const world = await worldWith(keptRevisions + 5);
    const remove = world.run.deleteRevision;
    let deletions = 0;
    const deleteRevision: typeof remove = async (service, name) => {
      deletions += 1;
      const request = { revision: nameOf(3), by: 'ana', why: 'it was better', at };
      if (deletions === 2) await world.ledger.requestRollback('api', request);
      return remove(service, name);
    };
    Object.assign(world.run, { deleteRevision });
    await tick(world);
    expect(deletions).toBe(2);
    expect(await world.run.revision('api', nameOf(3))).toBeDefined();
  });

  test('are looked for at one tick in ten', async () => {
    const world = await worldWith(keptRevisions + 2);
    world.pass(60);
    for (let minute = 1; minute < 10; minute += 1) {
      await world.handle();
      world.pass(60);
    }
    expect(world.calls.made).not.toContain('run.revisions');
    await world.handle();
    expect(world.calls.made.filter((call) => call === 'run.revisions')).toHaveLength(1);
  });
});
