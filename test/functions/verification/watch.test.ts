import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Probe } from '../../../functions/release/release.ts';
import { watch, type Watch } from '../../../functions/verification/watch.ts';
import { policy } from '../../support/release.ts';
import { verificationWorld, type VerificationWorld } from '../../support/verification-world.ts';

let world: VerificationWorld;
beforeEach(() => {
  world = verificationWorld();
});

const probe = (outcome: Probe['outcome']): Probe => ({ at: world.at(-1), latencyMs: 1, outcome });
const watched = (part: Partial<Watch> = {}): Watch => ({
  service: 'api',
  target: { url: 'http://tag', revision: 'api-1', token: undefined },
  health: policy.health,
  hasTraffic: false,
  sinceMs: 0,
  seen: [],
  leastLooks: 1,
  mostSeconds: Infinity,
  judge: (probes) => (probes.length < 5 ? undefined : { verdict: 'healthy', reasons: ['five'] }),
  onLook: async () => true,
  ...part,
});

test('looks until there is enough', async () => {
  expect(await watch(world.ports, watched())).toEqual({
    kind: 'concluded',
    verdict: 'healthy',
    reasons: ['five'],
  });
  expect(world.seconds).toBe(4);
});

test('what was seen before counts', async () => {
  await watch(world.ports, watched({ seen: [probe('ok'), probe('ok'), probe('ok')] }));
  expect(world.seconds).toBe(1);
});

test('looks so many times at least, whatever was seen before', async () => {
  const seen = [1, 2, 3, 4, 5, 6].map(() => probe('ok'));
  await watch(world.ports, watched({ seen, leastLooks: 3 }));
  expect(world.seconds).toBe(2);
});

test('hands on each look, with the time until the next one is over', async () => {
  const looks: [number, number][] = [];
  await watch(
    world.ports,
    watched({
      async onLook(news, pause) {
        looks.push([news.length, pause]);
        return true;
      },
    }),
  );
  expect(looks).toEqual(Array(5).fill([1, policy.health.intervalSeconds + policy.health.timeoutSeconds]));
});

test('stops where there is no point in going on', async () => {
  expect(await watch(world.ports, watched({ onLook: async () => world.seconds < 2 }))).toEqual({
    kind: 'stopped',
  });
  expect(world.seconds).toBe(2);
});

test('ends when the time is up', async () => {
  const never = watched({ judge: () => undefined, mostSeconds: 10 });
  expect(await watch(world.ports, never)).toEqual({ kind: 'time-up' });
  expect(world.seconds).toBe(10);
});

test('what is enough just as the time is up is enough', async () => {
  expect(await watch(world.ports, watched({ mostSeconds: 4 }))).toMatchObject({ kind: 'concluded' });
});

test.each<[string, string, boolean, string]>([
  ['died', 'Container called exit(1).', false, 'unhealthy'],
  ['was killed', 'Container terminated on signal 9.', true, 'unhealthy'],
  ['was ended by Cloud Run', 'Container terminated on signal 15.', false, 'healthy'],
  [
    'ended when it was told to: with traffic instances come and go',
    'Container called exit(0).',
    true,
    'healthy',
  ],
  ['ended by itself without traffic', 'Container called exit(0).', false, 'unhealthy'],
])('a container that %s (trap 17)', async (_, text, hasTraffic, verdict) => {
  world.log.says = { system: [{ at: world.at(0), text }], container: [] };
  expect(await watch(world.ports, watched({ hasTraffic }))).toMatchObject({ kind: 'concluded', verdict });
});

test('a good run costs one look into the log, at its end', async () => {
  await watch(world.ports, watched());
  expect(world.log.reads).toBe(1);
});

describe('what the container wrote', () => {
  test('is not read while nothing points to a death, however many probes fail', async () => {
    world.answers((second) => ({ outcome: second % 2 === 0 ? 'ok' : 'refused' }));
    await watch(world.ports, watched({ judge: () => undefined, mostSeconds: 60 }));
    expect(world.log.reads).toBeGreaterThan(5);
    expect(world.log.containerReads).toBe(0);
  });

  test('is read once it has died, for the reason', async () => {
    world.log.says = {
      system: [{ at: world.at(0), text: 'Container called exit(1).' }],
      container: ['TypeError: Cannot read properties of undefined'],
    };
    expect(await watch(world.ports, watched())).toMatchObject({
      verdict: 'unhealthy',
      reasons: [expect.stringMatching(/exit 1, after 5 good answers; its log says TypeError$/)],
    });
    expect(world.log.containerReads).toBe(1);
  });

  test('is not needed to say that it has died (trap 8)', async () => {
    const system = [{ at: world.at(0), text: 'Container called exit(1).' }];
    const ports: typeof world.ports = {
      ...world.ports,
      logging: {
        revision: async (_service, _revision, _limit, lines) => {
          if (lines !== 'system') throw new Error('429 quota');
          return { system, container: [] };
        },
      },
    };
    expect(await watch(ports, watched())).toMatchObject({ verdict: 'unhealthy' });
    expect(world.warnings).toEqual(['why api-1 died cannot be read: 429 quota']);
  });
});

test('the prober is stopped however it ends', async () => {
  let stopped = 0;
  const { prober } = world.ports;
  const ports: typeof world.ports = {
    ...world.ports,
    prober: (...options) => ({ ...prober(...options), stop: () => void (stopped += 1) }),
  };
  await watch(ports, watched());
  await expect(watch(ports, watched({ onLook: () => Promise.reject(new Error('502')) }))).rejects.toThrow(
    '502',
  );
  expect(stopped).toBe(2);
});

describe('a log that cannot be read (trap 8)', () => {
  const unreadable = (): typeof world.ports => ({
    ...world.ports,
    logging: { revision: () => Promise.reject(new Error('429 quota')) },
  });

  test('keeps nobody from saying that a candidate is bad', async () => {
    world.answers(() => ({ outcome: 'refused' }));
    const judge: Watch['judge'] = (probes) =>
      probes.length < 3 ? undefined : { verdict: 'unhealthy', reasons: ['three'] };
    expect(await watch(unreadable(), watched({ judge }))).toMatchObject({ verdict: 'unhealthy' });
    expect(world.warnings[0]).toBe('the log of api-1 cannot be read: 429 quota');
  });

  test('lets no candidate through: it may have died', async () => {
    await expect(watch(unreadable(), watched())).rejects.toThrow('429 quota');
  });
});
