import { expect, test } from '@jest/globals';
import { nthRelease, servingNth } from '../../support/release.ts';
import { rolloutWorld, type RolloutWorld } from '../../support/rollout-world.ts';

const [stable, gaveWay, ended] = [2, 3, 4].map((digit) => nthRelease(digit, 'live').id);

/** A newer release has claimed the service, a canary has given way to it, and then the newer one has ended. */
async function claimed(percents: Readonly<Record<string, number>>): Promise<RolloutWorld> {
  const world = rolloutWorld();
  await world.stand(
    {
      stable: servingNth(2),
      previousGood: servingNth(1),
      rollingOut: { release: ended ?? '', order: servingNth(4).order },
    },
    nthRelease(1, 'superseded'),
    nthRelease(2, 'live'),
    nthRelease(3, 'superseded'),
    nthRelease(4, 'failed'),
  );
  await world.serve(percents);
  return world;
}

test('what a canary had that gave way to a release which then ended goes to the stable revision', async () => {
  const world = await claimed({ [`api-${stable ?? ''}`]: 90, [`api-${gaveWay ?? ''}`]: 10 });
  await world.handle();
  expect(world.run.accepted.map(({ shares }) => shares)).toEqual([{ [`api-${stable ?? ''}`]: 100 }]);
  const record = await world.record();
  expect(record).toMatchObject({ stable: { release: stable } });
  expect(record.rollingOut).toBeUndefined();
  expect(record.rollbackRequest).toBeUndefined();
  expect(record.frozen).toBeUndefined();
  expect(record.log.map(({ by }) => by)).toEqual(['slipway']);
  expect(record.log[0]?.why).toContain('is failed and has left');
});

test('a claim that has moved nothing is dropped without a word', async () => {
  const world = await claimed({ [`api-${stable ?? ''}`]: 100 });
  await world.handle();
  expect(world.run.accepted).toEqual([]);
  const record = await world.record();
  expect(record.rollingOut).toBeUndefined();
  expect(record.log).toEqual([]);
  expect(world.pages()).toEqual([]);
});
