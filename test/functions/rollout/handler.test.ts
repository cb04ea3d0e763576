import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RollbackRequest, ServiceRecord } from '../../../functions/release/service-record.ts';
import { handleRolloutHint } from '../../../functions/rollout/handler.ts';
import { takeBack } from '../../../functions/rollout/take-back.ts';
import { built, healthy, nthRelease, servingNth, unhealthy, withPolicy } from '../../support/release.ts';
import { rolloutWorld, type RolloutWorld } from '../../support/rollout-world.ts';

/** `first` was before, `second` is stable, `third` is on its way, `fourth` is newer. */
const [first = '', second = '', third = '', fourth = ''] = [1, 2, 3, 4].map(
  (digit) => nthRelease(digit, 'live').id,
);
const revision = (id: string): string => `api-${id}`;
const digestOf = (digit: number): string => `sha256:${String(digit).repeat(64)}`;

let world: RolloutWorld;
beforeEach(() => {
  world = rolloutWorld();
});

const step = (percent: number, verdict: typeof healthy) => ({
  percent,
  askedAt: '2026-01-04T00:00:00.000Z',
  servingAt: '2026-01-04T00:00:01.000Z',
  verdict,
});

async function atTenPercent(verdict = unhealthy, part: Partial<ServiceRecord> = {}): Promise<void> {
  await world.stand(
    {
      stable: servingNth(2),
      previousGood: servingNth(1),
      rollingOut: { release: third, order: servingNth(3).order },
      ...part,
    },
    nthRelease(1, 'superseded'),
    nthRelease(2, 'live'),
    nthRelease(3, 'rolling-out', { steps: [step(10, verdict)] }),
  );
  await world.serve({ [revision(second)]: 90, [revision(third)]: 10 });
}

async function allStable(part: Partial<ServiceRecord> = {}): Promise<void> {
  await world.stand(
    { stable: servingNth(2), previousGood: servingNth(1), ...part },
    nthRelease(1, 'superseded'),
    nthRelease(2, 'live'),
  );
  await world.serve({ [revision(second)]: 100 });
}

const asks = (target: string, part: Partial<RollbackRequest> = {}): RollbackRequest => ({
  revision: revision(target),
  by: 'ana',
  why: 'the basket is empty',
  at: '2026-02-01T11:59:00.000Z',
  ...part,
});

test('a verified release goes through its steps to live, one change of the traffic at each', async () => {
  await allStable();
  await world.stand(await world.record(), built(nthRelease(3, 'verifying', { verdict: healthy })));
  await world.handle(third);
  for (const percent of [10, 50, 100]) {
    expect((await world.release(third)).steps.at(-1)).toMatchObject({ percent, servingAt: /2026/ as never });
    const at = world.ports.now().toISOString();
    await world.ledger.record(
      { service: 'api', id: third },
      { kind: 'step-verdict', percent, verdict: { ...healthy, at } },
    );
    await world.handle(third);
  }
  expect((await world.release(third)).stage).toBe('live');
  expect((await world.release(second)).stage).toBe('superseded');
  expect(world.run.accepted.map(({ shares }) => shares[revision(third)])).toEqual([10, 50, 100]);
  expect(await world.record()).toMatchObject({
    stable: { release: third },
    previousGood: { release: second },
  });
  expect((await world.record()).rollingOut).toBeUndefined();
  expect(world.run.tags('api')).toEqual([first, second, third].map((id) => `c-${id}`));
});

test('a change beside us between reading and asking is not overwritten (trap 9)', async () => {
  await atTenPercent(healthy);
  const { ports } = world;
  const raced = {
    ...ports,
    run: {
      ...ports.run,
      async setTraffic(...[service, traffic]: Parameters<typeof ports.run.setTraffic>) {
        world.run.change('api', { [revision(second)]: 100 }, 'ana@acme.dev');
        return ports.run.setTraffic(service, traffic);
      },
    },
  };
  await handleRolloutHint(raced, { service: 'api', release: third });
  expect(world.run.accepted).toEqual([]);
  expect(world.run.served('api')).toEqual({ [revision(second)]: 100 });
  expect((await world.record()).frozen).toMatchObject({ cause: 'takeover', by: 'ana@acme.dev' });
  expect((await world.release(third)).stage).toBe('cancelled');
});

test('a change whose answer was lost looks like a conflict, and is not made twice', async () => {
  await atTenPercent();
  const { ports } = world;
  const setTraffic: typeof ports.run.setTraffic = async (...change) => {
    await ports.run.setTraffic(...change);
    return false;
  };
  const run = { ...ports.run, setTraffic };
  await handleRolloutHint({ ...ports, run }, { service: 'api', release: third });
  expect(world.run.accepted).toHaveLength(1);
  expect((await world.release(third)).stage).toBe('rolled-back');
  expect((await world.record()).frozen).toBeUndefined();
});

describe('an automatic rollback', () => {
  test('is one change of the traffic, keeps the tags, and quarantines the image (traps 16, 19, 20)', async () => {
    await atTenPercent();
    await world.handle(third);
    expect(world.run.accepted).toEqual([{ service: 'api', shares: { [revision(second)]: 100 } }]);
    expect(world.run.tags('api')).toEqual([first, second, third].map((id) => `c-${id}`));
    const record = await world.record();
    expect(record.quarantine).toEqual([
      expect.objectContaining({ release: third, digest: digestOf(3), reason: 'answered 500' }),
    ]);
    expect(record).toMatchObject({ stable: { release: second }, previousGood: { release: first } });
    expect([record.frozen, record.rolledBackAt, record.rollbackRequest, record.rollingOut]).toEqual(
      Array(4).fill(undefined),
    );
    expect((await world.release(third)).history.at(-1)).toMatchObject({
      stage: 'rolled-back',
      by: 'slipway',
      reason: `rolled back to ${revision(second)}: answered 500`,
    });
    expect(await world.ledger.active()).not.toContain('active/api/rollback');
  });

  test('does not hold up a newer release that has begun meanwhile', async () => {
    await atTenPercent();
    await world.handle(third);
    await world.stand(await world.record(), built(nthRelease(4, 'verifying', { verdict: healthy })));
    await world.handle(fourth);
    expect(world.run.served('api')).toEqual({ [revision(second)]: 90, [revision(fourth)]: 10 });
  });

  test('a rerun of what was taken back is rejected (traps 20, 25)', async () => {
    await atTenPercent();
    await world.handle(third);
    const again = built(nthRelease(3, 'verifying', { verdict: healthy }));
    await world.stand(await world.record(), {
      ...again,
      id: '3333333-99999999',
      candidate: again.candidate && { ...again.candidate, revision: 'api-3333333-99999999' },
    });
    await world.handle('3333333-99999999');
    expect((await world.release('3333333-99999999')).history.at(-1)).toMatchObject({
      stage: 'failed',
      reason: expect.stringMatching(
        /^this commit was taken back on .* is quarantined: answered 500$/,
      ) as never,
    });
    expect(world.run.accepted).toHaveLength(1);
  });

  test('goes to the one before, where the stable revision does not answer (trap 19)', async () => {
    await atTenPercent();
    world.mute.add(revision(second));
    await world.handle(third);
    expect(world.run.served('api')).toEqual({ [revision(first)]: 100 });
    expect(await world.record()).toMatchObject({ stable: { release: first } });
    expect((await world.record()).previousGood).toBeUndefined();
  });

  test('goes to the one before, where the stable revision is gone (trap 26)', async () => {
    await atTenPercent();
    await world.stand(await world.record(), nthRelease(3, 'rolling-out', { steps: [step(100, unhealthy)] }));
    await world.serve({ [revision(third)]: 100 });
    world.run.removeRevision('api', revision(second));
    await world.handle(third);
    expect(world.run.served('api')).toEqual({ [revision(first)]: 100 });
    expect(await world.record()).toMatchObject({ stable: { release: first } });
  });

  test('a target that fails to answer once is asked again before it is given up', async () => {
    await atTenPercent();
    let asked = 0;
    const ports = { ...world.ports, answers: async () => (asked += 1) > 2 };
    await handleRolloutHint(ports, { service: 'api', release: third });
    expect(world.run.served('api')).toEqual({ [revision(second)]: 100 });
    expect(asked).toBe(3);
  });

  test('with nothing good left to go to: frozen, and somebody is paged once', async () => {
    await atTenPercent();
    world.mute.add(revision(first)).add(revision(second));
    await world.handle(third);
    await world.handle(third);
    expect((await world.record()).frozen).toMatchObject({ cause: 'no-way-back', by: 'slipway' });
    expect(world.pages()).toEqual([
      `api is frozen: ${third} is bad: answered 500, but it cannot be taken back: ` +
        `${revision(second)} does not answer /health as it should; ${revision(first)} does not answer /health as it should`,
    ]);
    expect(world.run.accepted).toEqual([]);
  });

  test('frozen by a person it stays, and pages for as long as it does', async () => {
    const at = '2026-01-03T00:00:00.000Z';
    await atTenPercent(unhealthy, {
      frozen: { cause: 'person', by: 'ana@acme.dev', why: 'the sale is on', at },
    });
    await world.handle(third);
    await world.handle(third);
    expect(world.run.accepted).toEqual([]);
    const page = `api ${third}: it is bad and keeps 10 % of the traffic while ana@acme.dev has frozen the service: answered 500`;
    expect(world.pages()).toEqual([page, page]);
  });

  test('over a schema that cannot be undone: frozen, and the page says what the matter is (trap 21)', async () => {
    const at = '2026-01-03T00:00:00.000Z';
    await atTenPercent(unhealthy, { schemaFloor: { version: 4, release: third, at } });
    await world.handle(third);
    expect((await world.record()).frozen).toMatchObject({ cause: 'irreversible' });
    expect(world.pages()).toEqual([
      `api is frozen: ${third} is bad: answered 500, but it cannot be taken back: ` +
        `${revision(second)} was made for schema 0, and release ${third} has taken the schema to 4, which it declares cannot be undone (reversible: false)`,
    ]);
    expect(world.run.accepted).toEqual([]);
  });

  test('the floor is laid by the first traffic of a release that cannot be undone (trap 21)', async () => {
    await allStable();
    const release = withPolicy(built(nthRelease(3, 'verifying', { verdict: healthy })), {
      schema: { version: 4, reversible: false },
    });
    await world.stand(await world.record(), release);
    await world.handle(third);
    expect((await world.record()).schemaFloor).toMatchObject({ version: 4, release: third });
    await world.ledger.record(
      { service: 'api', id: third },
      { kind: 'step-verdict', percent: 10, verdict: unhealthy },
    );
    await world.handle(third);
    expect((await world.record()).frozen).toMatchObject({ cause: 'irreversible' });
    expect(world.run.served('api')).toEqual({ [revision(second)]: 90, [revision(third)]: 10 });
  });

  test('the first release of a service goes on serving, and somebody is paged', async () => {
    await world.stand({}, nthRelease(3, 'rolling-out', { steps: [step(100, unhealthy)] }));
    await world.serve({ [revision(third)]: 100 });
    await world.handle(third);
    expect((await world.release(third)).stage).toBe('rolled-back');
    expect(world.run.served('api')).toEqual({ [revision(third)]: 100 });
    expect(world.pages()).toEqual([expect.stringContaining('there is no earlier release to go back to')]);
    expect((await world.record()).quarantine).toHaveLength(1);
  });

  test('at most one a release: what was refused is not tried for ever (trap 20)', async () => {
    await atTenPercent();
    world.run.failsToServe('no quota');
    await world.handle(third);
    await world.handle(third);
    const record = await world.record();
    expect(record.log.filter(({ what }) => what.includes('refused'))).toHaveLength(1);
    expect(record.frozen).toMatchObject({ cause: 'no-way-back' });
    expect(record.quarantine).toHaveLength(1);
    // Cloud Run is asked again before it is given up.
    expect(world.run.accepted).toHaveLength(3);
  });

  test('what somebody does meanwhile is not undone (trap 20)', async () => {
    await atTenPercent();
    const service = await world.run.service('api');
    world.run.change('api', { [revision(first)]: 100 }, 'ana@acme.dev');
    if (!service) throw new Error('the service is gone');
    await takeBack(world.ports, await world.release(third), await world.record(), service, 'answered 500');
    expect(world.run.accepted).toEqual([]);
    await world.handle(third);
    await world.handle();
    expect(world.run.served('api')).toEqual({ [revision(first)]: 100 });
    expect(await world.record()).toMatchObject({
      stable: { release: first },
      frozen: { by: 'ana@acme.dev' },
    });
  });
});

describe("a deployment's note that somebody has changed the traffic (seeds 464 and 824)", () => {
  const foreign = {
    shares: [{ revision: '(latest)', percent: 100 }],
    at: '2026-02-01T11:58:00.000Z',
    by: 'ana@acme.dev',
  };
  const note = (): Promise<ServiceRecord> =>
    world.ledger.updateService('api', (record) =>
      record.traffic ? { ...record, traffic: { ...record.traffic, foreign } } : undefined,
    );

  test('freezes the service in their name before anything of a verified release goes out', async () => {
    await allStable();
    await world.stand(await world.record(), built(nthRelease(3, 'verifying', { verdict: healthy })));
    await note();
    await world.handle(third);
    const record = await world.record();
    expect(record.frozen).toMatchObject({
      cause: 'takeover',
      by: 'ana@acme.dev',
      why: `the traffic was (latest) 100 %, where ${revision(second)} 100 % was asked for, when a deployment came by; it is ${revision(second)} 100 % now`,
    });
    expect(record.traffic?.foreign).toBeUndefined();
    expect(world.run.accepted).toEqual([]);
    expect(world.pages()).toHaveLength(1);
    expect((await world.release(third)).stage).toBe('verifying');
  });

  test('is acted on by a tick too', async () => {
    await allStable();
    await note();
    await world.handle();
    expect((await world.record()).frozen).toMatchObject({ cause: 'takeover', by: 'ana@acme.dev' });
  });

  test('that comes between a look and the claim lets the claim go', async () => {
    await allStable();
    await world.stand(await world.record(), built(nthRelease(3, 'verifying', { verdict: healthy })));
    const { ports } = world;
    let looks = 0;
    const service: typeof ports.run.service = async (name) => {
      looks += 1;
      if (looks === 1) await note();
      return ports.run.service(name);
    };
    await handleRolloutHint({ ...ports, run: { ...ports.run, service } }, { service: 'api', release: third });
    expect(world.run.accepted).toEqual([]);
    expect((await world.record()).frozen?.cause).toBe('takeover');
  });

  test("is settled by a person's rollback", async () => {
    await allStable();
    await note();
    await world.ledger.requestRollback('api', asks(first, { keepGoing: true }));
    for (let time = 0; time < 2; time += 1) await world.handle();
    const record = await world.record();
    expect(record.traffic).toEqual(expect.not.objectContaining({ foreign: expect.anything() as unknown }));
    expect([record.stable?.release, record.frozen]).toEqual([first, undefined]);
  });
});

describe("a person's rollback", () => {
  test('asks its target first whether it answers, and refuses if it does not (trap 19)', async () => {
    await allStable();
    world.mute.add(revision(first));
    await world.ledger.requestRollback('api', asks(first));
    await world.handle();
    expect(world.run.accepted).toEqual([]);
    expect((await world.record()).log.at(-1)?.what).toBe(
      `rollback to ${revision(first)} refused: ${revision(first)} does not answer /health as it should; to go there nevertheless: --over-health`,
    );
  });

  test('--over-health goes there without asking, and the log says so', async () => {
    await allStable();
    world.mute.add(revision(first));
    await world.ledger.requestRollback('api', asks(first, { overHealth: true }));
    await world.handle();
    expect(world.run.served('api')).toEqual({ [revision(first)]: 100 });
    expect((await world.record()).log.at(-2)?.what).toBe(
      `rolled back to ${revision(first)}, without asking whether it answers`,
    );
  });

  test('that is on its way is not stopped by what its target answers now', async () => {
    await allStable();
    await world.ledger.requestRollback('api', asks(first));
    world.calls.start({ at: 14, when: 'after' });
    await world.handle().catch(() => undefined);
    world.calls.start();
    world.mute.add(revision(first));
    expect(world.run.asked('api')).toEqual({ [revision(first)]: 100 });
    await world.handle();
    expect(world.run.served('api')).toEqual({ [revision(first)]: 100 });
    expect((await world.record()).stable?.release).toBe(first);
  });

  test('freezes, and what was pushed before does not go out again (trap 20)', async () => {
    await atTenPercent(healthy);
    await world.stand(await world.record(), built(nthRelease(4, 'verifying', { verdict: healthy })));
    await world.ledger.requestRollback('api', asks(first));
    await world.handle();
    const record = await world.record();
    expect(record).toMatchObject({
      stable: { release: first },
      frozen: { cause: 'rollback', by: 'ana', why: `rolled back to ${revision(first)}: the basket is empty` },
    });
    expect(record.rolledBackAt).toBeDefined();
    expect(record.previousGood).toBeUndefined();
    expect(record.quarantine).toEqual([]);
    await world.handle(fourth);
    expect((await world.release(fourth)).stage).toBe('superseded');
    expect(world.run.served('api')).toEqual({ [revision(first)]: 100 });
    expect(world.pages()).toEqual([]);
  });

  test('with --keep-going freezes nothing: what is pushed afterwards goes out', async () => {
    await allStable();
    await world.ledger.requestRollback('api', asks(first, { keepGoing: true }));
    await world.handle();
    expect((await world.record()).frozen).toBeUndefined();
    expect((await world.record()).rolledBackAt).toBeDefined();
    const later = '2026-02-03T00:00:00.000Z';
    const pushed = built(nthRelease(4, 'verifying', { verdict: healthy, orderedAt: later }));
    await world.stand(await world.record(), pushed);
    await world.handle(fourth);
    expect((await world.release(fourth)).stage).toBe('rolling-out');
  });

  test.each([
    [undefined, 'refused', second],
    [true, 'rolled back', first],
  ])('over a schema that cannot be undone, knowingly: %s (trap 21)', async (overSchema, what, serves) => {
    await allStable({ schemaFloor: { version: 4, release: second, at: '2026-01-03T00:00:00.000Z' } });
    await world.ledger.requestRollback('api', asks(first, overSchema === undefined ? {} : { overSchema }));
    await world.handle();
    const record = await world.record();
    expect(world.run.served('api')).toEqual({ [revision(serves)]: 100 });
    expect(record.log.some((entry) => entry.what.includes(what) && entry.request === asks(first).at)).toBe(
      true,
    );
    expect(record.frozen?.cause).toBe(overSchema === true ? 'rollback' : 'irreversible');
    expect(record.rollbackRequest).toBeUndefined();
  });

  test.each<[string, RollbackRequest, RegExp]>([
    ['of another pipeline', { ...asks(first), revision: 'api-by-hand' }, /released no such revision/],
    ['that is gone', asks(fourth), /released no such revision/],
  ])('to a revision %s is refused, and the log says why', async (_, request, why) => {
    await allStable();
    await world.ledger.requestRollback('api', request);
    await world.handle();
    const record = await world.record();
    expect(record.log.at(-1)).toMatchObject({ by: 'ana', request: request.at });
    expect(record.log.at(-1)?.what).toMatch(why);
    expect([record.rollbackRequest, record.frozen]).toEqual([undefined, undefined]);
    expect(await world.ledger.active()).toEqual([]);
    expect(world.run.served('api')).toEqual({ [revision(second)]: 100 });
  });

  test('comes before an automatic one, whichever was first', async () => {
    await atTenPercent();
    const automatic = asks(second, { by: 'slipway', release: third });
    await world.ledger.requestRollback('api', automatic);
    await world.ledger.requestRollback('api', asks(first));
    expect((await world.record()).rollbackRequest).toEqual(asks(first));
    await world.ledger.requestRollback('api', automatic);
    expect((await world.record()).rollbackRequest).toEqual(asks(first));
    await world.handle(third);
    expect(world.run.accepted).toEqual([{ service: 'api', shares: { [revision(first)]: 100 } }]);
    expect((await world.record()).frozen?.by).toBe('ana');
  });

  test('asked for while an automatic one is at work: the person has the last word', async () => {
    await atTenPercent();
    const { ports } = world;
    let asked = false;
    const slow = {
      ...ports,
      async sleep(milliseconds: number) {
        await ports.sleep(milliseconds);
        if (asked) return;
        asked = true;
        await world.ledger.requestRollback('api', asks(first));
      },
    };
    await handleRolloutHint(slow, { service: 'api', release: third });
    expect(asked).toBe(true);
    await world.handle();
    expect(world.run.served('api')).toEqual({ [revision(first)]: 100 });
    expect((await world.record()).frozen).toMatchObject({ cause: 'rollback', by: 'ana' });
    expect((await world.release(third)).stage).toBe('rolled-back');
  });

  test('goes over what somebody has changed beside us: it was asked for by name', async () => {
    await allStable();
    world.run.change('api', { [revision(second)]: 50, [revision(first)]: 50 }, 'bo@acme.dev');
    await world.ledger.requestRollback('api', asks(first));
    await world.handle();
    expect(world.run.served('api')).toEqual({ [revision(first)]: 100 });
    expect((await world.record()).frozen).toMatchObject({ cause: 'rollback', by: 'ana' });
  });

  test('lets a revision that did not start hold nothing up (trap 13)', async () => {
    await allStable();
    world.run.addRevision('api', { name: 'api-bad', ready: 'no' }, 'c-bad');
    world.run.change('api', { [revision(second)]: 100 }, 'x');
    const service = await world.run.service('api');
    if (service) await world.run.setTraffic(service, service.traffic);
    await world.run.service('api');
    await world.run.service('api');
    await world.ledger.requestRollback('api', asks(first));
    await world.handle();
    expect(world.run.served('api')).toEqual({ [revision(first)]: 100 });
    expect(world.run.tags('api')).not.toContain('c-bad');
  });
});

describe('somebody changes the traffic beside us', () => {
  test.each<[string, Record<string, number>, string | undefined, string]>([
    ['back to the stable revision', { [revision(second)]: 100 }, second, 'live'],
    ['to an earlier release of ours', { [revision(first)]: 100 }, first, 'rolled-back'],
    ['half and half', { [revision(first)]: 50, [revision(second)]: 50 }, second, 'live'],
    ['to a revision that they made by hand', { 'api-by-hand': 100 }, second, 'live'],
  ])('%s: it is theirs, and the release is over (traps 12, 20)', async (_, percents, stable, stage) => {
    await atTenPercent(healthy);
    world.run.addRevision('api', { name: 'api-by-hand' });
    world.run.change('api', percents, 'ana@acme.dev');
    await world.handle(third);
    const record = await world.record();
    expect(world.run.served('api')).toEqual(percents);
    expect(record.frozen).toMatchObject({ cause: 'takeover', by: 'ana@acme.dev' });
    expect(record.stable?.release).toBe(stable);
    expect(record.rollingOut).toBeUndefined();
    expect((await world.release(third)).history.at(-1)).toMatchObject({
      stage: 'cancelled',
      by: 'ana@acme.dev',
    });
    expect((await world.release(second)).stage).toBe(stage);
    expect(world.pages()).toEqual([expect.stringMatching(/^api is frozen: ana@acme.dev has changed it/)]);
  });

  test('is noticed without a release on its way, by the look at the service (trap 12)', async () => {
    await allStable();
    world.run.change('api', { [revision(first)]: 100 }, 'ana@acme.dev');
    await world.handle();
    const record = await world.record();
    expect(record).toMatchObject({ stable: { release: first }, frozen: { cause: 'takeover' } });
    expect(record.previousGood?.release).not.toBe(first);
    expect(record.rolledBackAt).toBe(record.frozen?.at);
    await world.handle();
    expect(world.pages()).toHaveLength(1);
  });

  test('and again afterwards: what is stable follows them', async () => {
    await allStable();
    world.run.change('api', { [revision(first)]: 50, [revision(second)]: 50 }, 'ana@acme.dev');
    await world.handle();
    world.run.change('api', { [revision(first)]: 100 }, 'ana@acme.dev');
    await world.handle();
    expect((await world.record()).stable?.release).toBe(first);
    expect((await world.release(second)).stage).toBe('rolled-back');
    expect(world.pages().filter((page) => page.includes('is frozen'))).toHaveLength(1);
  });
});

describe('the look at a service', () => {
  test('finds nothing where all is as it was released', async () => {
    await allStable();
    await world.handle();
    expect(world.logged).toEqual([]);
    expect(world.run.accepted).toEqual([]);
  });

  test('calls somebody where Cloud Run serves something else than it is asked for (trap 13)', async () => {
    await allStable();
    world.run.failsToServe('no quota');
    const service = await world.run.service('api');
    if (!service) throw new Error('the service is gone');
    await world.ledger.updateService('api', (record) => ({
      ...record,
      traffic: { asked: [{ revision: revision(first), percent: 100 }], before: [], at: 'then', by: 'x' },
    }));
    await world.run.setTraffic(service, [{ revision: revision(first), percent: 100, tag: undefined }]);
    await world.handle();
    expect(world.pages()).toEqual([]);
    await world.handle();
    await world.handle();
    expect(world.pages()[0]).toBe(
      `api: it serves ${revision(second)} 100 %, where ${revision(first)} 100 % was released last (no quota)`,
    );
  });

  test('calls somebody where the service is gone', async () => {
    await allStable();
    world.run.remove('api');
    await world.handle();
    expect(world.pages()).toEqual(['api is gone: the service does not exist any more']);
  });

  test('a service of which nothing was ever released is none of ours', async () => {
    world.run.change('api', { 'api-by-hand': 100 }, 'bo');
    await world.handle();
    expect(world.logged).toEqual([]);
    expect(world.bucket.objects.size).toBe(0);
  });
});

test('a set comes back in the reverse order of its going out', async () => {
  const set = { releaseSet: ['api', 'web'] };
  const member = (service: string, other: string) =>
    withPolicy(
      nthRelease(3, 'rolling-out', {
        service,
        siblings: [other],
        steps: [step(10, service === 'api' ? { ...unhealthy, at: '2026-02-01T12:00:00.000Z' } : healthy)],
      }),
      set,
    );
  await atTenPercent();
  await world.stand(await world.record(), member('api', 'web'));
  await world.stand(
    {
      service: 'web',
      stable: servingNth(2, { revision: `web-${second}` }),
      rollingOut: { release: third, order: servingNth(3).order },
    },
    nthRelease(2, 'live', { service: 'web' }),
    member('web', 'api'),
  );
  world.run.change('web', { [`web-${second}`]: 90, [`web-${third}`]: 10 }, 'x');
  const { ports } = world;
  let told = false;
  // The news of the withdrawal come to another function at once, while this one waits for it.
  const first = {
    ...ports,
    async sleep(milliseconds: number) {
      await ports.sleep(milliseconds);
      if (told) return;
      told = true;
      await handleRolloutHint(ports, { service: 'web', release: third });
    },
  };
  await handleRolloutHint(first, { service: 'api', release: third });
  expect(world.run.accepted.map(({ service }) => service)).toEqual(['web', 'api']);
  expect((await world.release(third, 'web')).stage).toBe('rolled-back');
  expect((await world.release(third)).stage).toBe('rolled-back');
});
