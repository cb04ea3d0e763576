import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { terminalStages, type Release } from '../../functions/release/release.ts';
import { newServiceRecord } from '../../functions/release/service-record.ts';
import { advance, handleRolloutHint } from '../../functions/rollout/handler.ts';
import { createCandidate } from '../../scripts/builder/create-candidate.ts';
import { built, healthy, nthRelease, servingNth, unhealthy } from '../support/release.ts';
import { explore, type Process, type Scene, type Take } from './explore.ts';
import {
  copyOf,
  deployPortsOf,
  keying,
  ledgerOf,
  modelOf,
  portsOf,
  reconcile,
  setByHand,
  setToLatest,
  sharesNow,
  type RolloutModel,
} from './rollout-model.ts';

/*
 * Small worlds, whole: one service, a stable release, two that want to be the next, a few messages and one death, in every
 * order in which the real handlers can meet.
 */
const at = '2026-01-05T00:00:00.000Z';
const stable = servingNth(2);
const older = nthRelease(3, 'verifying');
const newer = nthRelease(4, 'verifying');
const revisionOf = (release: Release): string => release.candidate?.revision ?? '';

const verified = (release: Release): Release => ({ ...built(release), verdict: healthy });
/** At 10 %, served. */
const canary = (release: Release): Release => ({
  ...verified(release),
  stage: 'rolling-out',
  steps: [{ percent: 10, askedAt: at, servingAt: at }],
});

const key = ({ service, id }: Release): { service: string; id: string } => ({ service, id });

/** A message about a release comes to rollout. */
const about =
  (release: Release): Process<RolloutModel> =>
  async (take) => {
    await advance(portsOf(take, release.id), key(release));
  };
const aboutOlder = about(older);
/** A tick, or the news that a rollback is asked for. */
const aboutService: Process<RolloutModel> = async (take) => {
  await handleRolloutHint(portsOf(take), { service: 'api' });
};

/** A build makes one more candidate. */
const deployment: Process<RolloutModel> = async (take) => {
  const id = '5555555-55555555';
  const template = { revision: `api-${id}` };
  const request = { key: { service: 'api', id }, image: 'image', template };
  await createCandidate(deployPortsOf(take), request, {
    now: () => Date.parse(at),
    sleep: () => Promise.resolve(),
  });
};

const saysOf =
  (release: Release, percent: number, verdict: typeof healthy) =>
  async (world: RolloutModel): Promise<void> => {
    await ledgerOf(world).record(key(release), { kind: 'step-verdict', percent, verdict });
  };

function atCanary(): RolloutModel {
  const shares = [
    { revision: stable.revision, percent: 90 },
    { revision: revisionOf(older), percent: 10 },
  ].sort((a, b) => (a.revision < b.revision ? -1 : 1));
  const record = {
    ...newServiceRecord('api'),
    stable,
    previousGood: servingNth(1),
    rollingOut: { release: older.id, order: `${older.orderedAt} ${older.build.createTime} ${older.id}` },
    traffic: { asked: shares, before: [], at, by: older.id },
  };
  return modelOf(
    record,
    [nthRelease(1, 'superseded'), nthRelease(2, 'live'), canary(older), verified(newer)],
    {
      [stable.revision]: 90,
      [revisionOf(older)]: 10,
    },
    revisionOf(newer),
  );
}

function bothVerified(latestReady = revisionOf(newer)): RolloutModel {
  const record = {
    ...newServiceRecord('api'),
    stable,
    previousGood: servingNth(1),
    traffic: { asked: [{ revision: stable.revision, percent: 100 }], before: [], at, by: stable.release },
  };
  return modelOf(
    record,
    [nthRelease(1, 'superseded'), nthRelease(2, 'live'), verified(older), verified(newer)],
    {
      [stable.revision]: 100,
    },
    latestReady,
  );
}

const releasesIn = (world: RolloutModel): Release[] =>
  Object.entries(world.bucket)
    .filter(([name]) => name.startsWith('releases/'))
    .map(([, { text }]) => JSON.parse(text) as Release);

/** What has to be true at every moment. Plain assertions: this runs some hundred thousand times. */
function check(before: RolloutModel, after: RolloutModel): void {
  const shares = sharesNow(after);
  const sum = shares.reduce((total, { percent }) => total + percent, 0);
  assert.equal(sum, 100, `percents add up to ${sum}`);
  for (const [name, { text }] of Object.entries(before.bucket)) {
    const now = after.bucket[name]?.text;
    if (!name.startsWith('releases/') || now === text) continue;
    const { stage } = JSON.parse(text) as Release;
    assert.ok(!terminalStages.has(stage), `${name} was ${stage} and has changed`);
  }
  if (after.byHand) {
    assert.deepEqual(shares, after.byHand, 'what a person has set was changed');
    return;
  }
  const releases = releasesIn(after);
  for (const { revision, percent } of shares) {
    if (revision === stable.revision) continue;
    const release = releases.find((each) => revisionOf(each) === revision);
    assert.equal(release?.verdict?.verdict, 'healthy', `${revision} has traffic and is not verified`);
    const most = release.steps.at(-1)?.percent ?? 0;
    assert.ok(percent <= most, `${revision} has ${percent} %, ${most} % is written down for it`);
  }
}

/** Ticks go on until nothing moves any more. */
async function settle(world: RolloutModel): Promise<void> {
  const perform: Take<RolloutModel> = ({ perform: now }) => now(world);
  for (let round = 0; round < 8; round += 1) {
    reconcile(world)?.(world);
    const ports = portsOf(perform);
    const patient = {
      ...ports,
      sleep: () => {
        reconcile(world)?.(world);
        return Promise.resolve();
      },
    };
    for (const release of [undefined, older.id, newer.id])
      await handleRolloutHint(patient, { service: 'api', ...(release === undefined ? {} : { release }) });
  }
}

const stageOf = async (world: RolloutModel, release: Release): Promise<string> =>
  (await ledgerOf(world).release(key(release)))?.stage ?? 'unknown';

const scene = (
  part: Pick<Scene<RolloutModel>, 'world' | 'processes' | 'events' | 'checkEnd'>,
): Scene<RolloutModel> => ({
  copy: copyOf,
  key: keying(),
  background: reconcile,
  crashes: 1,
  check,
  ...part,
});

/** That it has walked far enough to mean something is part of the test; docs/faults.md has the figures. */
const walk = async (each: Scene<RolloutModel>): Promise<void> => {
  const { states, ends } = await explore(each);
  expect(states).toBeGreaterThan(5_000);
  expect(ends).toBeGreaterThan(0);
};

describe('every interleaving of a small world', () => {
  test('two releases that are verified at once: the newer one goes on, the older is superseded (traps 4, 9, 18)', async () => {
    await walk(
      scene({
        world: bothVerified(),
        processes: { older: about(older), newer: about(newer), tick: aboutService },
        events: {},
        async checkEnd(world) {
          await settle(world);
          expect(await stageOf(world, newer)).toBe('rolling-out');
          expect(await stageOf(world, older)).toBe('superseded');
          expect(sharesNow(world)).toContainEqual({ revision: revisionOf(newer), percent: 10 });
          expect(sharesNow(world)).toContainEqual({ revision: stable.revision, percent: 90 });
        },
      }),
    );
  }, 300_000);

  test('bad news of a canary while a newer release sets out: stable stays stable (traps 18, 19, 20)', async () => {
    await walk(
      scene({
        world: atCanary(),
        processes: { canary: about(older), newer: about(newer) },
        events: { 'the canary is bad': saysOf(older, 10, unhealthy) },
        async checkEnd(world) {
          await settle(world);
          expect(['rolled-back', 'superseded']).toContain(await stageOf(world, older));
          expect(await stageOf(world, newer)).toBe('rolling-out');
          const record = await ledgerOf(world).service('api');
          expect(record.stable?.release).toBe(stable.release);
          expect(record.frozen).toBeUndefined();
          expect(record.rollbackRequest).toBeUndefined();
          expect(sharesNow(world)).toContainEqual({ revision: stable.revision, percent: 90 });
        },
      }),
    );
  }, 300_000);

  test('two handlers of one bad release: it is taken back once (traps 2, 20)', async () => {
    await walk(
      scene({
        world: atCanary(),
        processes: { one: aboutOlder, two: aboutOlder },
        events: { 'the canary is bad': saysOf(older, 10, unhealthy) },
        async checkEnd(world) {
          await settle(world);
          expect(await stageOf(world, older)).toMatch(/rolled-back|superseded/);
          const { quarantine, log, frozen } = await ledgerOf(world).service('api');
          expect(quarantine.length).toBeLessThanOrEqual(1);
          expect(log.length).toBeLessThanOrEqual(1);
          expect(frozen).toBeUndefined();
        },
      }),
    );
  }, 300_000);

  test('a person splits the traffic meanwhile: it stays as they set it, and the service is frozen (traps 9, 12)', async () => {
    await walk(
      scene({
        world: atCanary(),
        processes: { canary: about(older), tick: aboutService },
        events: {
          'the canary is good': saysOf(older, 10, healthy),
          'a person splits the traffic': (world) => {
            setByHand(world, { [stable.revision]: 70, [revisionOf(older)]: 30 });
            return Promise.resolve();
          },
        },
        async checkEnd(world) {
          await settle(world);
          expect(sharesNow(world)).toEqual(world.byHand);
          const record = await ledgerOf(world).service('api');
          expect(record.frozen).toMatchObject({ cause: 'takeover', by: 'ana' });
          expect(await stageOf(world, older)).not.toBe('rolling-out');
        },
      }),
    );
  }, 300_000);

  test('a person rolls back meanwhile: nothing is rolled forward again (trap 20)', async () => {
    await walk(
      scene({
        world: atCanary(),
        processes: { newer: about(newer), rollback: aboutService },
        events: {
          'a person asks for a rollback': async (world) => {
            const request = { revision: stable.revision, by: 'ana', why: 'orders fail', at };
            await ledgerOf(world).requestRollback('api', request);
          },
        },
        async checkEnd(world) {
          await settle(world);
          expect(sharesNow(world)).toEqual([{ revision: stable.revision, percent: 100 }]);
          const record = await ledgerOf(world).service('api');
          expect(record.frozen).toMatchObject({ cause: 'rollback', by: 'ana' });
          expect(record.stable?.release).toBe(stable.release);
          expect(await stageOf(world, newer)).toMatch(/superseded|rolled-back/);
        },
      }),
    );
  }, 300_000);

  test('three messages: an automatic rollback has begun, a newer release sets out, and a tick comes (traps 18, 19, 20)', async () => {
    const world = atCanary();
    await saysOf(older, 10, unhealthy)(world);
    const request = { revision: stable.revision, by: 'slipway', why: 'answered 500', at, release: older.id };
    const held = { at, release: older.id, commit: older.commit, digest: 'sha256:3', reason: 'answered 500' };
    await ledgerOf(world).requestRollback('api', request, (record) => ({ ...record, quarantine: [held] }));
    await walk(
      scene({
        world,
        processes: { canary: about(older), newer: about(newer), tick: aboutService },
        events: {},
        async checkEnd(end) {
          await settle(end);
          expect(await stageOf(end, older)).toMatch(/rolled-back|superseded/);
          expect(await stageOf(end, newer)).toBe('rolling-out');
          const record = await ledgerOf(end).service('api');
          expect(record.stable?.release).toBe(stable.release);
          expect(record.log.length).toBeLessThanOrEqual(1);
          expect([record.frozen, record.rollbackRequest]).toEqual([undefined, undefined]);
        },
      }),
    );
  }, 300_000);

  test('three messages: a person has asked for a rollback while a canary and a newer release go on (trap 20)', async () => {
    const world = atCanary();
    const request = { revision: stable.revision, by: 'ana', why: 'orders fail', at };
    await ledgerOf(world).requestRollback('api', request);
    await saysOf(older, 10, healthy)(world);
    await walk(
      scene({
        world,
        processes: { canary: about(older), newer: about(newer), rollback: aboutService },
        events: {},
        async checkEnd(end) {
          await settle(end);
          expect(sharesNow(end)).toEqual([{ revision: stable.revision, percent: 100 }]);
          const record = await ledgerOf(end).service('api');
          expect(record.frozen).toMatchObject({ cause: 'rollback', by: 'ana' });
          expect(record.stable?.release).toBe(stable.release);
        },
      }),
    );
  }, 300_000);

  test('three messages: a person has split the traffic while a canary and a newer release go on (traps 9, 12)', async () => {
    const world = atCanary();
    await saysOf(older, 10, healthy)(world);
    setByHand(world, { [stable.revision]: 70, [revisionOf(older)]: 30 });
    await walk(
      scene({
        world,
        processes: { canary: about(older), newer: about(newer), tick: aboutService },
        events: {},
        async checkEnd(end) {
          await settle(end);
          expect(sharesNow(end)).toEqual(end.byHand);
          const record = await ledgerOf(end).service('api');
          expect(record.frozen).toMatchObject({ cause: 'takeover', by: 'ana' });
        },
      }),
    );
  }, 300_000);

  const pinned = [
    ['the stable revision', stable.revision],
    ['a candidate', revisionOf(newer)],
  ] as const;
  const staysFrozen = async (world: RolloutModel): Promise<void> => {
    await settle(world);
    expect(sharesNow(world)).toEqual(world.byHand);
    const record = await ledgerOf(world).service('api');
    expect(record.frozen).toMatchObject({ cause: 'takeover', by: 'ana' });
    expect(record.traffic?.foreign).toBeUndefined();
    expect(await stageOf(world, newer)).not.toBe('rolling-out');
  };

  test.each(pinned)(
    'a person gives all traffic to the latest, %s, and a deployment pins it: the service is frozen (trap 9, seeds 464 and 824)',
    async (_, latestReady) => {
      await walk(
        scene({
          world: bothVerified(latestReady),
          processes: { newer: about(newer), deployment },
          events: {
            'a person gives all to the latest': (world) => {
              setToLatest(world);
              return Promise.resolve();
            },
          },
          checkEnd: staysFrozen,
        }),
      );
    },
    300_000,
  );

  test.each(pinned)(
    'three messages: a person has given all traffic to the latest, %s, when a release, a deployment and a tick come',
    async (_, latestReady) => {
      const world = bothVerified(latestReady);
      setToLatest(world);
      await walk(
        scene({
          world,
          processes: { newer: about(newer), deployment, tick: aboutService },
          events: {},
          checkEnd: staysFrozen,
        }),
      );
    },
    300_000,
  );

  test('it would find a rollout that takes no notice of etags (trap 9)', async () => {
    const careless: Process<RolloutModel> = async (take) => {
      const ports = portsOf(take, older.id);
      const run: typeof ports.run = {
        ...ports.run,
        setTraffic: (service, traffic) =>
          take({
            name: 'ask without an etag',
            perform: (world) => {
              world.run.traffic = [...traffic];
              world.run.etag = Number(service.etag) + 1;
              return Promise.resolve(true);
            },
          }).then(() => true),
      };
      await advance({ ...ports, run }, key(older));
    };
    await expect(
      explore(
        scene({
          world: atCanary(),
          processes: { careless },
          events: {
            'the canary is good': saysOf(older, 10, healthy),
            'a person splits the traffic': (world) => {
              setByHand(world, { [stable.revision]: 70, [revisionOf(older)]: 30 });
              return Promise.resolve();
            },
          },
          checkEnd: () => Promise.resolve(),
        }),
      ),
    ).rejects.toThrow('what a person has set was changed');
  });
});
