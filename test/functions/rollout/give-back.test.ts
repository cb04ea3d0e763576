import { beforeEach, describe, expect, test } from '@jest/globals';
import { giveBack } from '../../../functions/rollout/give-back.ts';
import { ProcessDied, type Moment } from '../../support/port-calls.ts';
import { nthRelease, servingNth } from '../../support/release.ts';
import { rolloutWorld, type RolloutWorld } from '../../support/rollout-world.ts';

const [first = '', second = '', third = ''] = [1, 2, 3].map((digit) => nthRelease(digit, 'live').id);
const revision = (id: string): string => `api-${id}`;
const asked = '2026-01-04T00:00:00.000Z';
const step = { percent: 10, askedAt: asked, servingAt: asked };

/** `second` is stable, `third` has 10 % and is being watched; a person wants `first`, which Cloud Run cannot serve. */
async function unservable(rolling = true): Promise<RolloutWorld> {
  const world = rolloutWorld();
  await world.stand(
    {
      stable: servingNth(2),
      previousGood: servingNth(1),
      ...(rolling ? { rollingOut: { release: third, order: servingNth(3).order } } : {}),
    },
    nthRelease(1, 'superseded'),
    nthRelease(2, 'live'),
    ...(rolling ? [nthRelease(3, 'rolling-out', { steps: [step] })] : []),
  );
  await world.serve(
    rolling ? { [revision(second)]: 90, [revision(third)]: 10 } : { [revision(second)]: 100 },
  );
  const why = 'the basket is empty';
  const at = '2026-02-01T11:59:00.000Z';
  await world.ledger.requestRollback('api', { revision: revision(first), by: 'ana', why, at });
  world.run.failsToServe('no quota');
  return world;
}

/** Cloud Run is asked for what it serves, and the record says so. */
async function agree(world: RolloutWorld): Promise<void> {
  const record = await world.record();
  const inRecord = Object.fromEntries(
    (record.traffic?.asked ?? []).map(({ revision: name, percent }) => [name, percent]),
  );
  expect(world.run.asked('api')).toEqual(world.run.served('api'));
  expect(inRecord).toEqual(world.run.served('api'));
  expect(record.traffic?.before).toEqual([]);
  expect(record.rollbackRequest).toBeUndefined();
  expect(record.log).toHaveLength(1);
  expect(record.log[0]?.what).toMatch(
    /^rollback to api-1111111-11111111 refused: Cloud Run could not serve it/,
  );
}

describe("a person's rollback that Cloud Run cannot serve", () => {
  let world: RolloutWorld;
  beforeEach(async () => {
    world = await unservable();
  });

  test('leaves asked for what is served, in Cloud Run and in the record', async () => {
    await world.handle();
    expect(world.run.served('api')).toEqual({ [revision(second)]: 90, [revision(third)]: 10 });
    await agree(world);
  });

  test('does not come about later, when Cloud Run can serve it again', async () => {
    await world.handle();
    world.run.failsToServe(undefined);
    for (const hint of [undefined, third, undefined]) await world.handle(hint);
    expect(world.run.served('api')).toEqual({ [revision(second)]: 90, [revision(third)]: 10 });
    expect(await world.record()).toMatchObject({
      stable: { release: second },
      rollingOut: { release: third },
    });
    expect((await world.record()).frozen).toBeUndefined();
  });

  test('does not ask a second time for what was found bad', async () => {
    const held = { at: asked, release: third, commit: '3', digest: 'sha256:3', reason: 'answered 500' };
    await world.ledger.updateService('api', (record) => ({ ...record, quarantine: [held] }));
    await world.handle();
    expect(world.run.asked('api')).toEqual({ [revision(first)]: 100 });
  });

  test('does not touch what somebody has set meanwhile', async () => {
    const { rollbackRequest: request } = await world.record();
    if (!request) throw new Error('nothing is asked for');
    await world.ledger.updateService(
      'api',
      ({ traffic, ...record }) =>
        traffic && {
          ...record,
          traffic: {
            ...traffic,
            asked: [{ revision: revision(first), percent: 100 }],
            before: [traffic.asked],
          },
        },
    );
    const before = await world.record();
    world.run.change('api', { [revision(second)]: 60, [revision(third)]: 40 }, 'bo@acme.dev');
    await giveBack(world.ports, 'api', request);
    expect(world.run.asked('api')).toEqual({ [revision(second)]: 60, [revision(third)]: 40 });
    expect(await world.record()).toEqual(before);
  });

  test.each<Moment>(['before', 'after'])('and nothing else after a crash %s any call', async (when) => {
    for (let at = 0; ; at += 1) {
      const mortal = await unservable(false);
      mortal.calls.start({ at, when });
      const death = await mortal.handle().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (death === undefined) {
        expect(at).toBeGreaterThan(20);
        return;
      }
      expect(death).toBeInstanceOf(ProcessDied);
      mortal.calls.start();
      mortal.pass(60);
      await mortal.handle();
      expect({ at, served: mortal.run.served('api') }).toEqual({ at, served: { [revision(second)]: 100 } });
      await agree(mortal);
    }
  });
});

test('a stable revision that is not served any more, and that a person asks for anew, stays asked for', async () => {
  const world = await unservable(false);
  await world.ledger.updateService('api', (record) =>
    record.rollbackRequest
      ? { ...record, rollbackRequest: { ...record.rollbackRequest, revision: revision(second) } }
      : undefined,
  );
  world.run.change('api', { [revision(first)]: 100 }, 'x');
  const service = await world.run.service('api');
  if (service)
    await world.run.setTraffic(service, [{ revision: revision(second), percent: 100, tag: undefined }]);
  await world.handle();
  expect((await world.record()).log.at(-1)?.what).toMatch(/refused: Cloud Run could not serve it/);
  expect(world.run.asked('api')).toEqual({ [revision(second)]: 100 });
  expect((await world.record()).traffic?.asked).toEqual([{ revision: revision(second), percent: 100 }]);
});
