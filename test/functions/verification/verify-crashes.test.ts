import { expect, test } from '@jest/globals';
import { handleVerificationHint } from '../../../functions/verification/handler.ts';
import { openLedger } from '../../../functions/release/ledger.ts';
import { portCalls, ProcessDied, type Moment } from '../../support/port-calls.ts';
import { nthRelease, servingNth } from '../../support/release.ts';
import { verificationWorld, type VerificationWorld } from '../../support/verification-world.ts';

const key = nthRelease(3, 'live');
const hint = { service: 'api', release: key.id };

interface Scenario {
  readonly name: string;
  setUp(world: VerificationWorld): Promise<void>;
  /** What the release has come to in the end. */
  verdict(world: VerificationWorld): Promise<string | undefined>;
  readonly expected: string;
}

const scenarios: Scenario[] = [
  {
    name: 'a candidate before traffic',
    setUp: (world) => world.stand(nthRelease(3, 'candidate')),
    verdict: async (world) => (await world.release(key)).verdict?.verdict,
    expected: 'healthy',
  },
  {
    name: 'a candidate that is bad before traffic',
    async setUp(world) {
      await world.stand(nthRelease(3, 'candidate'));
      world.answers(() => ({ outcome: 'wrong-status', status: 500 }));
    },
    verdict: async (world) => (await world.release(key)).stage,
    expected: 'failed',
  },
  {
    name: 'a candidate that turns bad with traffic',
    async setUp(world) {
      const step = { percent: 10, askedAt: world.at(-2), servingAt: world.at(0) };
      await world.stand(nthRelease(3, 'rolling-out', { steps: [step] }), { stable: servingNth(2) });
      world.answers((second) => (second >= 12 ? { outcome: 'refused' } : { outcome: 'ok' }));
    },
    verdict: async (world) => (await world.release(key)).steps.at(-1)?.verdict?.verdict,
    expected: 'unhealthy',
  },
];

test.each(
  scenarios.flatMap((scenario) =>
    (['before', 'after'] as const).map((when): [string, Moment, Scenario] => [scenario.name, when, scenario]),
  ),
)('%s is judged in the end after a crash %s any call', async (_, when, { setUp, verdict, expected }) => {
  for (let at = 0; ; at += 1) {
    const world = verificationWorld();
    await setUp(world);
    const calls = portCalls();
    const bucket = calls.through('bucket', world.ports.bucket);
    const mortal = {
      ...world.ports,
      bucket,
      ledger: openLedger(bucket, world.ports),
      run: calls.through('run', world.ports.run),
      topics: calls.through('topics', world.ports.topics),
      logging: calls.through('logging', world.ports.logging),
      monitoring: calls.through('monitoring', world.ports.monitoring),
    };
    calls.start({ at, when });
    const died = await handleVerificationHint(mortal, hint).then(
      () => false,
      (error: unknown) => error instanceof ProcessDied,
    );
    // Nobody gives the lease back for the dead.
    world.pass(30);
    await world.handle(key);
    expect({ at, call: calls.made[at], verdict: await verdict(world) }).toMatchObject({
      at,
      verdict: expected,
    });
    if (!died) {
      expect(at).toBeGreaterThan(10);
      return;
    }
  }
});
