import { beforeEach, describe, expect, test } from '@jest/globals';
import { openEvidence } from '../../../functions/verification/evidence-store.ts';
import { takeTurn, turnSeconds, type Turn } from '../../../functions/verification/turn.ts';
import { nthRelease } from '../../support/release.ts';
import { verificationWorld, type VerificationWorld } from '../../support/verification-world.ts';

const release = nthRelease(3, 'candidate');
let world: VerificationWorld;
beforeEach(() => {
  world = verificationWorld();
});
const probe = (second: number) => ({ at: world.at(second), latencyMs: 1, outcome: 'ok' as const });
const take = <T>(work: (turn: Turn) => Promise<T>): Promise<T | undefined> =>
  takeTurn(world.ports, release, world.ports.now().getTime() + turnSeconds * 1000, work);

describe('a turn', () => {
  test('is taken by one of those who come at once', async () => {
    const taken = await take(async () => take(async () => 'both'));
    expect(taken).toBeUndefined();
    expect(await take(async () => 'again')).toBe('again');
  });

  test('is over when the work fails, too', async () => {
    await expect(take(() => Promise.reject(new Error('502')))).rejects.toThrow('502');
    expect(await take(async () => 'next')).toBe('next');
  });

  test('goes to the next one when its holder has died', async () => {
    await take(async (turn) => {
      world.pass(14);
      expect(await take(async () => 'too early')).toBeUndefined();
      world.pass(2);
      expect(await take(async (next) => next.renew(0))).toBe(true);
      // The first one was only slow: it has to stop.
      expect(await turn.renew(0)).toBe(false);
    });
  });

  test('outlives the pauses of its holder, the first of which is a whole look', async () => {
    await take(async (turn) => {
      for (let pause = 0; pause < 5; pause += 1) {
        await turn.renew(60);
        world.pass(60);
        expect(await take(async () => 'meanwhile')).toBeUndefined();
        expect(await turn.keep(60)).toBe(true);
        world.pass(60);
        expect(await take(async () => 'meanwhile')).toBeUndefined();
      }
    });
  });

  test('what was seen is written at most once in five seconds', async () => {
    let writes = 0;
    const { writeIf } = world.ports.bucket;
    const bucket: typeof world.ports.bucket = {
      ...world.ports.bucket,
      writeIf: (object, ...rest) => {
        writes += object.startsWith('evidence/') ? 1 : 0;
        return writeIf(object, ...rest);
      },
    };
    await takeTurn({ ...world.ports, bucket }, release, Infinity, async (turn) => {
      for (let second = 0; second < 60; second += 1) {
        turn.evidence.add({ probes: [probe(second)] });
        expect(await turn.keep(1)).toBe(true);
        world.pass(1);
      }
    });
    expect(writes).toBe(11);
    expect(world.evidence(release).probes).toHaveLength(56);
  });

  test('is ended where somebody else has written: what they saw is not overwritten (trap 4)', async () => {
    await take(async (turn) => {
      const other = await openEvidence(world.bucket, release);
      other.add({ probes: [probe(1)] });
      expect(await other.save()).toBe(true);
      turn.evidence.add({ probes: [probe(2)] });
      world.pass(6);
      expect(await turn.keep(1)).toBe(false);
    });
    expect(world.evidence(release).probes).toEqual([probe(1)]);
  });

  test('goes on from what the turn before has seen', async () => {
    await take(async ({ evidence }) => {
      evidence.add({ probes: [probe(1)] });
      await evidence.save();
    });
    await take(async ({ evidence }) => {
      expect(evidence.evidence.probes).toEqual([probe(1)]);
      expect(await evidence.save()).toBe(true);
    });
  });

  test('ends before the function does', async () => {
    await take(async (turn) => {
      expect(turn.leftSeconds()).toBeLessThan(540 - 60 - 30);
      world.pass(100);
      expect(turn.leftSeconds()).toBe(320);
    });
  });
});
