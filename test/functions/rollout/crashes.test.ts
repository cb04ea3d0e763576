import { describe, expect, test } from '@jest/globals';
import { ProcessDied, type Moment } from '../../support/port-calls.ts';
import { built, healthy, nthRelease, servingNth, unhealthy, withPolicy } from '../../support/release.ts';
import { rolloutWorld, type RolloutWorld } from '../../support/rollout-world.ts';

const ids = [0, 1, 2, 3, 4].map((digit) => nthRelease(digit, 'live').id);
const [, first = '', second = '', third = ''] = ids;
const revision = (id: string): string => `api-${id}`;

/** `third` at 10 %, served; `second` is stable, `first` was before. */
async function atTenPercent(world: RolloutWorld, verdict = unhealthy): Promise<void> {
  const step = {
    percent: 10,
    askedAt: '2026-01-04T00:00:00.000Z',
    servingAt: '2026-01-04T00:00:01.000Z',
    verdict,
  };
  await world.stand(
    {
      stable: servingNth(2),
      previousGood: servingNth(1),
      rollingOut: { release: third, order: servingNth(3).order },
    },
    nthRelease(1, 'superseded'),
    nthRelease(2, 'live'),
    nthRelease(3, 'rolling-out', { steps: [step] }),
  );
  await world.serve({ [revision(second)]: 90, [revision(third)]: 10 });
}

/** `third` has had all traffic for long enough. */
async function atAll(world: RolloutWorld, part: { first?: boolean } = {}): Promise<void> {
  const step = {
    percent: 100,
    askedAt: '2026-01-04T00:00:00.000Z',
    servingAt: '2026-01-04T00:00:01.000Z',
    verdict: healthy,
  };
  const before = part.first ? {} : { stable: servingNth(2), previousGood: servingNth(1) };
  await world.stand(
    { ...before, rollingOut: { release: third, order: servingNth(3).order } },
    nthRelease(1, 'superseded'),
    nthRelease(2, part.first ? 'superseded' : 'live'),
    nthRelease(3, 'rolling-out', { steps: [step] }),
  );
  await world.serve({ [revision(third)]: 100 });
}

async function personAsks(world: RolloutWorld, target: string, keepGoing = false): Promise<void> {
  await world.ledger.requestRollback('api', {
    revision: revision(target),
    by: 'ana',
    why: 'the basket is empty',
    at: '2026-02-01T11:59:00.000Z',
    ...(keepGoing ? { keepGoing } : {}),
  });
}

/** What is asked for is what was, but between there was a pin to the latest, of which only the deployment's note tells. */
async function personWasPinned(world: RolloutWorld): Promise<void> {
  const foreign = {
    shares: [{ revision: '(latest)', percent: 100 }],
    at: '2026-02-01T11:59:00.000Z',
    by: 'ana@acme.dev',
  };
  await world.ledger.updateService('api', (record) =>
    record.traffic ? { ...record, traffic: { ...record.traffic, foreign } } : undefined,
  );
}

interface Scenario {
  readonly name: string;
  setUp(world: RolloutWorld): Promise<void>;
  /** The messages that come, in order: of a release, or (undefined) of the service; of `api` unless they say otherwise. */
  readonly hints: readonly (string | undefined | { readonly service: string })[];
  /** What it has to come to at least, so that a scenario cannot pass by doing nothing. */
  readonly served: Readonly<Record<string, number>>;
  readonly stages: Readonly<Record<string, string>>;
  readonly changes: number;
}

const scenarios: Scenario[] = [
  {
    name: 'the first step of a verified release',
    async setUp(world) {
      await world.stand(
        { stable: servingNth(2) },
        nthRelease(2, 'live'),
        built(nthRelease(3, 'verifying', { verdict: healthy })),
      );
      await world.serve({ [revision(second)]: 100 });
    },
    hints: [third],
    served: { [revision(second)]: 90, [revision(third)]: 10 },
    stages: { [second]: 'live', [third]: 'rolling-out' },
    changes: 1,
  },
  {
    name: 'a release takes the place of an older one that is being rolled out (trap 18)',
    async setUp(world) {
      await atTenPercent(world, healthy);
      await world.stand(await world.record(), built(nthRelease(4, 'verifying', { verdict: healthy })));
    },
    hints: ['4444444-44444444', third],
    served: { [revision(second)]: 90, 'api-4444444-44444444': 10 },
    stages: { [second]: 'live', [third]: 'superseded', '4444444-44444444': 'rolling-out' },
    changes: 1,
  },
  {
    name: 'a release becomes live',
    setUp: (world) => atAll(world),
    hints: [third, undefined],
    served: { [revision(third)]: 100 },
    stages: { [second]: 'superseded', [third]: 'live' },
    changes: 0,
  },
  {
    name: 'the first release of a service becomes live',
    setUp: (world) => atAll(world, { first: true }),
    hints: [third, undefined],
    served: { [revision(third)]: 100 },
    stages: { [third]: 'live' },
    changes: 0,
  },
  {
    name: 'an automatic rollback',
    setUp: (world) => atTenPercent(world),
    hints: [third],
    served: { [revision(second)]: 100 },
    stages: { [first]: 'superseded', [second]: 'live', [third]: 'rolled-back' },
    changes: 1,
  },
  {
    name: 'an automatic rollback past a stable revision that does not answer (trap 19)',
    async setUp(world) {
      await atTenPercent(world);
      world.mute.add(revision(second));
    },
    hints: [third],
    served: { [revision(first)]: 100 },
    stages: { [first]: 'superseded', [third]: 'rolled-back' },
    changes: 1,
  },
  {
    name: 'no way back: everything stops and somebody is called',
    async setUp(world) {
      await atTenPercent(world);
      world.mute.add(revision(second)).add(revision(first));
    },
    hints: [third],
    served: { [revision(second)]: 90, [revision(third)]: 10 },
    stages: { [second]: 'live', [third]: 'rolling-out' },
    changes: 0,
  },
  {
    name: 'an irreversible schema: everything stops and somebody is called (trap 21)',
    async setUp(world) {
      await atTenPercent(world);
      const at = '2026-01-04T00:00:00.000Z';
      await world.ledger.updateService('api', (record) => ({
        ...record,
        schemaFloor: { version: 4, release: third, at },
      }));
    },
    hints: [third],
    served: { [revision(second)]: 90, [revision(third)]: 10 },
    stages: { [second]: 'live', [third]: 'rolling-out' },
    changes: 0,
  },
  {
    name: 'the first release of a service turns out bad',
    async setUp(world) {
      const asked = '2026-01-04T00:00:00.000Z';
      const step = { percent: 100, askedAt: asked, servingAt: asked, verdict: unhealthy };
      await world.stand(
        { rollingOut: { release: third, order: servingNth(3).order } },
        nthRelease(3, 'rolling-out', { steps: [step] }),
      );
      await world.serve({ [revision(third)]: 100 });
    },
    hints: [third],
    served: { [revision(third)]: 100 },
    stages: { [third]: 'rolled-back' },
    changes: 0,
  },
  {
    name: 'Cloud Run cannot serve the candidate (trap 13)',
    async setUp(world) {
      await atTenPercent(world, healthy);
      world.run.addRevision('api', { name: revision(third), ready: 'no', message: 'no memory' });
      world.run.change('api', { [revision(second)]: 90, [revision(third)]: 10 }, 'x');
      world.run.failsToServe('no quota');
      const service = await world.run.service('api');
      if (service) await world.run.setTraffic(service, service.traffic);
      await world.run.service('api');
      await world.run.service('api');
      world.run.failsToServe(undefined);
    },
    hints: [third],
    served: { [revision(second)]: 100 },
    stages: { [second]: 'live', [third]: 'rolled-back' },
    changes: 2,
  },
  {
    name: "a person's rollback of the live release",
    async setUp(world) {
      await world.stand(
        { stable: servingNth(2), previousGood: servingNth(1) },
        nthRelease(1, 'superseded'),
        nthRelease(2, 'live'),
      );
      await world.serve({ [revision(second)]: 100 });
      await personAsks(world, first);
    },
    hints: [undefined],
    served: { [revision(first)]: 100 },
    stages: { [first]: 'superseded', [second]: 'rolled-back' },
    changes: 1,
  },
  {
    name: "a person's rollback while a release is on its way (trap 20)",
    async setUp(world) {
      await atTenPercent(world, healthy);
      await personAsks(world, first, true);
    },
    hints: [undefined, third],
    served: { [revision(first)]: 100 },
    stages: { [first]: 'superseded', [second]: 'rolled-back', [third]: 'rolled-back' },
    changes: 1,
  },
  {
    name: "a person's rollback to a revision that does not exist any more",
    async setUp(world) {
      await atTenPercent(world, healthy);
      world.run.removeRevision('api', revision(first));
      await personAsks(world, first);
    },
    hints: [undefined],
    served: { [revision(second)]: 90, [revision(third)]: 10 },
    stages: { [second]: 'live', [third]: 'rolling-out' },
    changes: 0,
  },
  {
    name: "a person's rollback to a revision that does not answer (trap 19)",
    async setUp(world) {
      await atTenPercent(world, healthy);
      world.mute.add(revision(first));
      await personAsks(world, first);
    },
    hints: [undefined],
    served: { [revision(second)]: 90, [revision(third)]: 10 },
    stages: { [second]: 'live', [third]: 'rolling-out' },
    changes: 0,
  },
  {
    name: 'somebody sent all traffic to the latest revision, and a deployment has pinned it (seeds 464 and 824)',
    async setUp(world) {
      await atTenPercent(world, healthy);
      await personWasPinned(world);
    },
    hints: [third, undefined],
    served: { [revision(second)]: 90, [revision(third)]: 10 },
    stages: { [second]: 'live', [third]: 'cancelled' },
    changes: 0,
  },
  {
    name: 'somebody gives all traffic back to the stable revision beside us (trap 20)',
    async setUp(world) {
      await atTenPercent(world, healthy);
      world.run.change('api', { [revision(second)]: 100 }, 'ana@acme.dev');
    },
    hints: [third, undefined],
    served: { [revision(second)]: 100 },
    stages: { [second]: 'live', [third]: 'cancelled' },
    changes: 0,
  },
  {
    name: 'somebody rolls back beside us (trap 20)',
    async setUp(world) {
      await atTenPercent(world, healthy);
      world.run.change('api', { [revision(first)]: 100 }, 'ana@acme.dev');
    },
    hints: [third, undefined],
    served: { [revision(first)]: 100 },
    stages: { [second]: 'rolled-back', [third]: 'cancelled' },
    changes: 0,
  },
  {
    name: 'a release of a set comes back, and the other with it',
    async setUp(world) {
      const set = { releaseSet: ['web', 'api'] };
      await atTenPercent(world);
      const bad = await world.release(third);
      await world.stand(await world.record(), withPolicy({ ...bad, siblings: ['web'] }, set));
      const other = withPolicy(nthRelease(3, 'rolling-out', { service: 'web', siblings: ['api'] }), set);
      const before = nthRelease(2, 'live', { service: 'web' });
      await world.stand(
        {
          service: 'web',
          stable: { ...servingNth(2), revision: `web-${second}` },
          rollingOut: { release: third, order: servingNth(3).order },
        },
        before,
        other,
      );
      world.run.change('web', { [`web-${second}`]: 90, [`web-${third}`]: 10 }, 'x');
    },
    hints: [third, { service: 'web' }],
    served: { [revision(second)]: 100 },
    stages: { [second]: 'live', [third]: 'rolled-back' },
    changes: 2,
  },
];

async function worldOf(scenario: Scenario): Promise<RolloutWorld> {
  const world = rolloutWorld();
  await scenario.setUp(world);
  world.calls.start();
  return world;
}

async function play(world: RolloutWorld, { hints }: Scenario): Promise<void> {
  for (const hint of hints)
    await (typeof hint === 'object' ? world.handle(undefined, hint.service) : world.handle(hint));
}

/** How a process that dies at its call number `at` ends; undefined when it makes fewer calls. */
async function dieAt(scenario: Scenario, at: number, when: Moment): Promise<RolloutWorld | undefined> {
  const world = await worldOf(scenario);
  world.calls.start({ at, when });
  const death = await play(world, scenario).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (death === undefined) return undefined;
  expect(death).toBeInstanceOf(ProcessDied);
  return world;
}

describe.each(scenarios)('$name', (scenario) => {
  test('comes to what it should', async () => {
    const world = await worldOf(scenario);
    await play(world, scenario);
    expect(world.run.served('api')).toEqual(scenario.served);
    for (const [id, stage] of Object.entries(scenario.stages))
      expect([id, (await world.release(id)).stage]).toEqual([id, stage]);
    expect(world.run.accepted).toHaveLength(scenario.changes);
  });

  test('comes to the same when it is done again', async () => {
    const world = await worldOf(scenario);
    await play(world, scenario);
    const once = world.outcome();
    await play(world, scenario);
    expect(world.outcome()).toEqual(once);
  });

  test.each<Moment>(['before', 'after'])(
    'comes to the same after a crash %s any call to the outside',
    async (when) => {
      const smooth = await worldOf(scenario);
      await play(smooth, scenario);
      for (let at = 0; ; at += 1) {
        const world = await dieAt(scenario, at, when);
        if (!world) {
          expect(at).toBeGreaterThan(8);
          return;
        }
        const call = `${at}: ${world.calls.made[at] ?? ''}`;
        world.calls.start();
        world.pass(60);
        await play(world, scenario);
        expect({ call, ...(world.outcome() as object) }).toEqual({
          call,
          ...(smooth.outcome() as object),
        });
        // A page that comes twice is better than one that does not come.
        expect({ call, pages: new Set(world.pages()) }).toEqual({ call, pages: new Set(smooth.pages()) });
      }
    },
  );
});
