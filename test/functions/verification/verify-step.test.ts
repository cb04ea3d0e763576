import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RevisionAnswers } from '../../../functions/platform/monitoring.ts';
import type { Release, ReleaseStep, Verdict } from '../../../functions/release/release.ts';
import { latencyBoundsMs } from '../../../functions/verdict/latency-bounds.ts';
import {
  healthy,
  inconclusive,
  nthRelease,
  policy,
  servingNth,
  unhealthy,
  withPolicy,
} from '../../support/release.ts';
import { handleVerificationHint } from '../../../functions/verification/handler.ts';
import { verificationWorld, type VerificationWorld } from '../../support/verification-world.ts';

let world: VerificationWorld;
beforeEach(() => {
  world = verificationWorld();
});

const stable = servingNth(2).revision;
const candidate = servingNth(3).revision;
const stepAt = (percent: number, part: Partial<ReleaseStep> = {}): ReleaseStep => ({
  percent,
  askedAt: world.at(-2),
  servingAt: world.at(0),
  ...part,
});
const rolling = (step: ReleaseStep, rollout: Parameters<typeof withPolicy>[1]['rollout'] = {}) =>
  withPolicy(nthRelease(3, 'rolling-out', { steps: [step] }), { rollout });
/** Asked seldom: where a test watches for long, each look costs it time. */
const seldom = (release: Release): Release =>
  withPolicy(release, { health: { ...policy.health, intervalSeconds: 5 } });
const key = nthRelease(3, 'live');
const lastVerdict = async (): Promise<Verdict | undefined> =>
  (await world.release(key)).steps.at(-1)?.verdict;

/** So many answers a second of each, of which so many are bad. */
function serve(sides: Record<string, { perSecond: number; bad: number }>): void {
  const answers = (from: number, to: number): RevisionAnswers[] =>
    Object.entries(sides).map(([revision, { perSecond, bad }]) => {
      const total = Math.round((to - from) * perSecond);
      const latency = new Array<number>(latencyBoundsMs.length + 1).fill(0);
      latency[10] = total;
      return { revision, total, errors: Math.round(total * bad), boundsMs: latencyBoundsMs, latency };
    });
  world.metrics = { reported: answers, measured: answers };
}

test('good and no worse than stable: healthy once its least time is up', async () => {
  await world.stand(rolling(stepAt(10)), { stable: servingNth(2) });
  serve({ [stable]: { perSecond: 90, bad: 0.001 }, [candidate]: { perSecond: 30, bad: 0.001 } });
  await world.handle(key);
  expect((await lastVerdict())?.verdict).toBe('healthy');
  expect(world.seconds).toBeGreaterThanOrEqual(60);
  expect(world.seconds).toBeLessThan(300);
});

test('worse than stable: said as soon as it is sure, whatever its probes say', async () => {
  await world.stand(rolling(stepAt(10)), { stable: servingNth(2) });
  serve({ [stable]: { perSecond: 90, bad: 0.001 }, [candidate]: { perSecond: 10, bad: 0.2 } });
  await world.handle(key);
  expect(await lastVerdict()).toMatchObject({ verdict: 'unhealthy' });
  expect((await lastVerdict())?.reasons).toHaveLength(1);
  expect(world.seconds).toBeLessThan(30);
});

test('bad for everybody: the candidate is not blamed for it', async () => {
  await world.stand(seldom(rolling(stepAt(10))), { stable: servingNth(2) });
  serve({ [stable]: { perSecond: 90, bad: 0.3 }, [candidate]: { perSecond: 10, bad: 0.3 } });
  await world.handle(key);
  expect((await lastVerdict())?.verdict).toBe('inconclusive');
});

test('three bad probes in a row take it back within seconds (traps 17, 23)', async () => {
  await world.stand(rolling(stepAt(10)), { stable: servingNth(2) });
  world.answers((second) => (second >= 20 ? { outcome: 'wrong-status', status: 500 } : { outcome: 'ok' }));
  await world.handle(key);
  expect((await lastVerdict())?.verdict).toBe('unhealthy');
  expect(world.seconds).toBe(22);
});

test('no traffic at all: inconclusive when the time is up (traps 22, 23)', async () => {
  await world.stand(rolling(stepAt(10)), { stable: servingNth(2) });
  await world.handle(key);
  expect(await lastVerdict()).toMatchObject({ verdict: 'inconclusive' });
  expect(world.seconds).toBe(300);
});

test('at 100 % nothing is left to compare with: it is watched for its bake time', async () => {
  await world.stand(rolling(stepAt(100)), { stable: servingNth(2) });
  serve({ [candidate]: { perSecond: 50, bad: 0.001 } });
  await world.handle(key);
  expect((await lastVerdict())?.verdict).toBe('healthy');
  expect(world.seconds).toBe(120);
  expect(world.evidence(key).stretches.every((stretch) => stretch.stable === undefined)).toBe(true);
});

test('metrics that cannot be read are no evidence, and the probes go on (trap 8)', async () => {
  await world.stand(rolling(stepAt(10)), { stable: servingNth(2) });
  serve({ [stable]: { perSecond: 90, bad: 0 }, [candidate]: { perSecond: 30, bad: 0 } });
  const { reported } = world.metrics;
  let refused = 0;
  world.metrics.reported = (from, to) => {
    if (to > 25 && to < 40) {
      refused += 1;
      throw new Error('8 RESOURCE_EXHAUSTED');
    }
    return reported(from, to);
  };
  await world.handle(key);
  expect((await lastVerdict())?.verdict).toBe('healthy');
  expect(refused).toBeGreaterThan(0);
  expect(world.warnings[0]).toBe('the metrics of api cannot be read: 8 RESOURCE_EXHAUSTED');
  // Nothing of that time is missing, and nothing is there twice.
  const { stretches } = world.evidence(key);
  expect(stretches.slice(1).map(({ from }) => from)).toEqual(stretches.slice(0, -1).map(({ to }) => to));
});

test('a revision that is gone is bad', async () => {
  await world.stand(rolling(stepAt(10)), { stable: servingNth(2) });
  world.run.change('api', { [stable]: 100 }, 'x');
  world.run.removeRevision('api', candidate);
  await world.handle(key);
  expect(await lastVerdict()).toMatchObject({
    verdict: 'unhealthy',
    reasons: [`revision ${candidate} does not exist any more`],
  });
});

describe('a tag without an address', () => {
  const lose = async (): Promise<void> => {
    await world.stand(seldom(rolling(stepAt(10))), { stable: servingNth(2) });
    world.run.change('api', { [stable]: 100 }, 'x');
    world.run.removeRevision('api', candidate);
    world.run.addRevision('api', { name: candidate });
  };

  test('says nothing of the revision: inconclusive at the end of its step, with what was waited for', async () => {
    await lose();
    await world.handle(key);
    const { verdict, reasons = [] } = (await lastVerdict()) ?? {};
    expect(verdict).toBe('inconclusive');
    expect(reasons[0]).toMatch(
      new RegExp(
        `could not be asked, because Cloud Run has no address for tag c-${key.id} .*: nothing is known`,
      ),
    );
    expect(world.seconds).toBeGreaterThanOrEqual(300);
  });

  test('does not hide what its users are answered', async () => {
    await lose();
    serve({ [stable]: { perSecond: 90, bad: 0 }, [candidate]: { perSecond: 10, bad: 0.2 } });
    await world.handle(key);
    expect((await lastVerdict())?.verdict).toBe('unhealthy');
    expect(world.seconds).toBeLessThan(40);
  });

  test('is forgotten once it has one', async () => {
    await lose();
    serve({ [stable]: { perSecond: 90, bad: 0 }, [candidate]: { perSecond: 30, bad: 0 } });
    world.meanwhile = async (second) => {
      if (second === 30) world.run.addRevision('api', { name: candidate }, `c-${key.id}`);
    };
    await world.handle(key);
    expect((await lastVerdict())?.verdict).toBe('healthy');
  });
});

describe('a verdict says which answers it does not know', () => {
  const bake = (): Release => rolling(stepAt(100));

  test("of services that report nothing themselves: Cloud Run's metrics come after the bake", async () => {
    await world.stand(bake(), { stable: servingNth(2) });
    world.metrics.measured = (from, to) => [
      { revision: candidate, total: to - from, errors: 0, boundsMs: [], latency: [] },
    ];
    await world.handle(key);
    expect(await lastVerdict()).toMatchObject({
      verdict: 'healthy',
      reasons: [
        expect.stringContaining('probes of /health answered 200'),
        "no answers were counted in the 2 min of this step: the instances of candidate and stable do not both report their own, and Cloud Run's metrics come 5 min late",
      ],
    });
  });

  test('of a step that is shorter than reports take', async () => {
    const steps = [{ percent: 10, atLeastSeconds: 2, atMostSeconds: 5 }];
    await world.stand(rolling(stepAt(10), { steps }), { stable: servingNth(2) });
    serve({ [stable]: { perSecond: 90, bad: 0 }, [candidate]: { perSecond: 30, bad: 0 } });
    await world.handle(key);
    expect((await lastVerdict())?.reasons).toContain(
      'no answers were counted in the 5 s of this step: what instances report can be read 10 s later',
    );
  });

  test('while the metrics cannot be read (trap 8)', async () => {
    await world.stand(bake(), { stable: servingNth(2) });
    world.metrics.reported = () => {
      throw new Error('8 RESOURCE_EXHAUSTED');
    };
    await world.handle(key);
    expect((await lastVerdict())?.reasons.at(-1)).toBe(
      'no answers were counted in the 2 min of this step: the metrics could not be read',
    );
  });

  test('and nothing of the kind where all are known but the last seconds', async () => {
    await world.stand(bake(), { stable: servingNth(2) });
    serve({ [candidate]: { perSecond: 50, bad: 0 } });
    await world.handle(key);
    expect((await lastVerdict())?.reasons.join()).not.toContain('counted');
  });
});

test('one that waits tells its newest reasons when they say something else, and nothing when only figures move', async () => {
  await world.stand(rolling(stepAt(10, { verdict: inconclusive }), { onInconclusive: 'wait' }), {
    stable: servingNth(2),
  });
  world.pass(400);
  serve({ [stable]: { perSecond: 0.9, bad: 0 }, [candidate]: { perSecond: 0.1, bad: 0 } });
  const told: Verdict[] = [];
  const { record } = world.ledger;
  // What the record makes of it is its own business: here it stands as it was told.
  const ledger: typeof world.ledger = {
    ...world.ledger,
    async record(which, seen) {
      if (seen.kind !== 'step-verdict') return record(which, seen);
      told.push(seen.verdict);
      await world.stand(rolling(stepAt(10, { verdict: seen.verdict }), { onInconclusive: 'wait' }), {
        stable: servingNth(2),
      });
      return { kind: 'unchanged', release: await world.release(key) };
    },
  };
  const ticks = 30;
  for (let tick = 0; tick < ticks; tick += 1) {
    world.pass(60);
    await handleVerificationHint({ ...world.ports, ledger }, { service: 'api', release: key.id });
  }
  expect(told.length).toBeGreaterThan(1);
  expect(told.length).toBeLessThan(ticks / 3);
  expect(told.at(-1)?.reasons[1]).toMatch(/^Not clear yet: 0 of \d+ answers of the candidate failed/);
});

test('one that has its verdict and waits is only glanced at: each tick does it again', async () => {
  await world.stand(rolling(stepAt(10, { verdict: inconclusive }), { onInconclusive: 'wait' }), {
    stable: servingNth(2),
  });
  world.pass(400);
  await world.handle(key);
  world.hints.length = 0;
  world.pass(60);
  const before = world.seconds;
  await world.handle(key);
  expect(world.seconds).toBe(before + 2);
  expect(world.hints).toEqual([]);
});

test('one that waits for evidence gets it, tick by tick (trap 23)', async () => {
  await world.stand(rolling(stepAt(10, { verdict: inconclusive }), { onInconclusive: 'wait' }), {
    stable: servingNth(2),
  });
  world.pass(400);
  serve({ [stable]: { perSecond: 9, bad: 0 }, [candidate]: { perSecond: 1, bad: 0 } });
  let ticks = 0;
  while ((await lastVerdict())?.verdict === 'inconclusive' && ticks < 30) {
    ticks += 1;
    world.pass(60);
    await world.handle(key);
  }
  expect((await lastVerdict())?.verdict).toBe('healthy');
});

test('one that waits and gives bad answers to users is noticed, good as its probes are', async () => {
  await world.stand(rolling(stepAt(10, { verdict: healthy })), { stable: servingNth(2) });
  world.pass(400);
  serve({ [stable]: { perSecond: 90, bad: 0 }, [candidate]: { perSecond: 10, bad: 0.2 } });
  await world.handle(key);
  expect((await lastVerdict())?.verdict).toBe('unhealthy');
});

test('one that waits and turns bad is noticed', async () => {
  await world.stand(rolling(stepAt(10, { verdict: healthy })), { stable: servingNth(2) });
  world.pass(400);
  world.answers(() => ({ outcome: 'refused' }));
  await world.handle(key);
  expect((await lastVerdict())?.verdict).toBe('unhealthy');
});

test('bad news are final: nothing more is asked', async () => {
  await world.stand(rolling(stepAt(10, { verdict: unhealthy })), { stable: servingNth(2) });
  await world.handle(key);
  expect(world.seconds).toBe(0);
});

describe('longer than a function may run', () => {
  const long = [{ percent: 10, atLeastSeconds: 600, atMostSeconds: 3_600 }];

  test('the turn ends in time, says so at once, and the next one goes on where it was', async () => {
    await world.stand(seldom(rolling(stepAt(10), { steps: long })), { stable: servingNth(2) });
    serve({ [stable]: { perSecond: 90, bad: 0 }, [candidate]: { perSecond: 30, bad: 0 } });
    await world.handle(key);
    expect(await lastVerdict()).toBeUndefined();
    expect(world.seconds).toBeLessThan(540);
    expect(world.hints).toEqual([{ service: 'api', release: key.id }]);
    const before = world.evidence(key);
    await world.handle(key);
    expect((await lastVerdict())?.verdict).toBe('healthy');
    expect(world.seconds).toBe(600);
    const { probes, stretches } = world.evidence(key);
    expect(probes.slice(0, before.probes.length)).toEqual(before.probes);
    expect(stretches.slice(1).map(({ from }) => from)).toEqual(stretches.slice(0, -1).map(({ to }) => to));
  });

  test('failures before and after the change of turns count in one row', async () => {
    await world.stand(rolling(stepAt(10), { steps: long }), { stable: servingNth(2) });
    world.answers((second) => (second >= 419 ? { outcome: 'refused' } : { outcome: 'ok' }));
    await world.handle(key);
    const ended = world.seconds;
    expect(await lastVerdict()).toBeUndefined();
    await world.handle(key);
    expect((await lastVerdict())?.verdict).toBe('unhealthy');
    expect(world.seconds - ended).toBeLessThan(2);
  });
});

test('all that one function does has to be over in time, not each step of it', async () => {
  const steps = [
    { percent: 10, atLeastSeconds: 300, atMostSeconds: 300 },
    { percent: 50, atLeastSeconds: 300, atMostSeconds: 300 },
  ];
  await world.stand(seldom(rolling(stepAt(10), { steps })), { stable: servingNth(2) });
  const { publish } = world.ports.topics;
  world.ports.topics.publish = async (topic, payload) => {
    const step = (await world.release(key)).steps.at(-1);
    if (step?.percent === 10 && step.verdict) {
      await world.ledger.record(key, { kind: 'traffic-requested', percent: 50, reason: '50 %' });
      await world.ledger.record(key, { kind: 'traffic-serving', percent: 50 });
    }
    await publish(topic, payload);
  };
  await world.handle(key);
  expect((await world.release(key)).steps).toHaveLength(2);
  expect(await lastVerdict()).toBeUndefined();
  expect(world.seconds).toBeLessThan(540);
});

describe('what happens meanwhile', () => {
  test('a step that is not served any more is watched no longer', async () => {
    await world.stand(rolling(stepAt(10)), { stable: servingNth(2) });
    world.meanwhile = async (second) => {
      if (second === 20)
        await world.ledger.record(key, { kind: 'superseded', reason: 'a newer release is live' });
    };
    await world.handle(key);
    expect(world.seconds).toBeLessThanOrEqual(26);
    expect((await world.release(key)).steps.at(-1)?.verdict).toBeUndefined();
    expect(world.hints).toEqual([]);
  });

  test('the next step that comes while the turn is held is not lost', async () => {
    await world.stand(rolling(stepAt(10)), { stable: servingNth(2) });
    serve({ [stable]: { perSecond: 90, bad: 0 }, [candidate]: { perSecond: 30, bad: 0 } });
    const { ports } = world;
    // The verdict is told while the turn is still held: rollout is faster than it ends.
    const publish: typeof ports.topics.publish = async () => {
      const release = await world.release(key);
      if (release.steps.at(-1)?.percent !== 10 || !release.steps.at(-1)?.verdict) return;
      await world.ledger.record(key, { kind: 'traffic-requested', percent: 50, reason: '50 %' });
      await world.ledger.record(key, { kind: 'traffic-serving', percent: 50 });
      const before = world.seconds;
      await world.handle(key);
      expect(world.seconds).toBe(before);
    };
    ports.topics.publish = publish;
    await world.handle(key);
    expect(
      (await world.release(key)).steps.map(({ percent, verdict }) => [percent, verdict?.verdict]),
    ).toEqual([
      [10, 'healthy'],
      [50, 'healthy'],
    ]);
  });
});
