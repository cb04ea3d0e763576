import { expect, test } from '@jest/globals';
import { releaseSetOf } from '../../../functions/rollout/release-set.ts';
import { built, healthy, nthRelease, withPolicy } from '../../support/release.ts';
import { rolloutWorld } from '../../support/rollout-world.ts';

const web = withPolicy(
  built(nthRelease(3, 'verifying', { service: 'web', siblings: ['api', 'db'], verdict: healthy })),
  { releaseSet: ['api', 'web'] },
);
const api = (stage: 'verifying' | 'live') =>
  withPolicy(nthRelease(3, stage, { siblings: ['web'] }), { releaseSet: ['api', 'web'] });

test('a member whose build has no record yet is waited for, and goes first once it has one (trap 18)', async () => {
  const world = rolloutWorld();
  await world.stand({ service: 'web' }, web);
  await world.stand({});
  expect(await releaseSetOf(world.ledger, web)).toEqual({ set: [], unrecorded: ['api'] });

  await world.handle(web.id, 'web');
  expect((await world.release(web.id, 'web')).stage).toBe('verifying');
  expect(world.run.accepted).toEqual([]);

  await world.stand({}, built({ ...api('verifying'), verdict: healthy }));
  expect(await releaseSetOf(world.ledger, web)).toMatchObject({ set: [{ service: 'api' }], unrecorded: [] });
  await world.handle(web.id, 'web');
  expect((await world.release(web.id)).stage).toBe('rolling-out');
  expect((await world.release(web.id, 'web')).stage).toBe('verifying');
});

test('one that was live before is neither waited for nor unrecorded', async () => {
  const world = rolloutWorld();
  const history = [{ at: '2026-01-01T00:00:00.000Z', stage: 'live' as const, reason: 'for the test' }];
  await world.stand({}, { ...api('live'), history });
  expect(await releaseSetOf(world.ledger, web)).toEqual({ set: [], unrecorded: [] });
});
