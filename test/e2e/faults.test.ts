import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSettled } from '../../functions/release/release.ts';
import type { Snapshot } from '../../scripts/watch/snapshot.ts';
import { allEnded } from '../../scripts/watch/summary.ts';
import { createFixtureRepo, type FixtureRepo } from './support/fixture-repo.ts';
import { processesOf } from './support/processes.ts';
import { forget, startSlipway, type Slipway } from './support/slipway.ts';

let repo: FixtureRepo;
let slipway: Slipway;

beforeAll(async () => {
  repo = createFixtureRepo(['api']);
  repo.commit({ api: 'good' }, 'first');
  slipway = await startSlipway({ repo: repo.folder });
  await slipway.delivered;
}, 120_000);

afterAll(async () => {
  await slipway.stop();
  forget(slipway.stateFolder);
  repo.remove();
}, 60_000);

async function setFaults(faults: unknown): Promise<void> {
  const response = await fetch(`${slipway.session.origin}/local/pubsub/faults`, {
    method: 'PUT',
    body: JSON.stringify(faults),
  });
  expect([response.status, await response.text()]).toEqual([200, expect.anything()]);
}

/** What Cloud Scheduler does every minute. */
async function tick(): Promise<void> {
  const { project, region } = slipway.session.pipeline;
  await fetch(`${slipway.session.origin}/v1/projects/${project}/locations/${region}/jobs/slipway-tick:run`, {
    method: 'POST',
    body: '{}',
  });
}

async function tickUntil(commit: string, done: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  const stop = new AbortController();
  const ticking = (async () => {
    while (!stop.signal.aborted) {
      // The local cloud may be starting.
      await tick().catch(() => undefined);
      await sleep(2_000, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  try {
    return await slipway.until(commit, done);
  } finally {
    stop.abort();
    await ticking;
  }
}

/** Every release has ended, and GitHub shows just this. */
const endsWith =
  (words: readonly string[]) =>
  (snapshot: Snapshot): boolean =>
    allEnded(snapshot) &&
    snapshot.statuses.map(({ context, state }) => `${context} ${state}`).join() === words.join();

const goodWords = ['slipway/api/build success', 'slipway/api/rollout success', 'slipway/api/verify success'];
const badWords = ['slipway/api/build success', 'slipway/api/verify failure'];

describe('events may come twice, late, in any order, or never', () => {
  test.each([
    ['traps 2 and 11: everything twice or more', { seed: 11, duplicate: 1 }],
    ['trap 3: late and out of order', { seed: 12, reorder: 0.7, delayMs: [0, 1_500] }],
    ['all of it', { seed: 13, duplicate: 0.7, reorder: 0.5, delayMs: [0, 1_000] }],
    ['trap 5: a third is lost, and a tick makes up for it', { seed: 14, drop: 0.35, duplicate: 0.3 }],
  ])(
    '%s',
    async (_, faults) => {
      await setFaults(faults);
      const good = repo.commit({ api: 'good' }, 'good');
      repo.push(slipway.session.origin);
      const end = await tickUntil(good, endsWith(goodWords));
      expect(end.builds[0]?.release?.stage).toBe('live');
      const revision = end.builds[0]?.release?.candidate?.revision;

      const bad = repo.commit({ api: 'answers-500' }, 'bad');
      repo.push(slipway.session.origin);
      const failed = await tickUntil(bad, endsWith(badWords));
      expect(failed.builds[0]?.release?.stage).toBe('failed');
      expect((await slipway.viewer.service('api')).serving).toEqual([
        expect.objectContaining({ revision, percent: 100 }),
      ]);
      await setFaults({ seed: 0 });
    },
    120_000,
  );
});

/**
 * Pushes until a release of it is seen at `stage`, and returns its commit. Rolling out may take no longer than a look:
 * then the next push is for the next try.
 */
async function releaseCaughtAt(stage: 'building' | 'verifying' | 'rolling-out'): Promise<string> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const commit = repo.commit({ api: 'good' }, `to be killed while ${stage}`);
    repo.push(slipway.session.origin);
    const { builds } = await slipway.until(commit, (now) => now.builds[0]?.release !== undefined);
    const [first] = builds;
    if (!first?.release) throw new Error('no release');
    for (;;) {
      const release = await slipway.viewer.ledger.release(first.release);
      if (release?.stage === stage) return commit;
      if (!release || isSettled(release)) break;
    }
  }
  throw new Error(`no release was seen ${stage}`);
}

describe('the local cloud is killed and started again', () => {
  test.each(['building', 'verifying', 'rolling-out'] as const)(
    'while a release is %s: it ends as it would have',
    async (stage) => {
      const commit = await releaseCaughtAt(stage);
      await slipway.kill();
      // The reaper needs a moment, and then nothing of it is left.
      for (let look = 0; look < 100 && processesOf(slipway.stateFolder).length > 0; look += 1)
        await sleep(50);
      expect(processesOf(slipway.stateFolder)).toEqual([]);

      slipway = await startSlipway({ repo: repo.folder, stateFolder: slipway.stateFolder });
      const end = await tickUntil(commit, endsWith(goodWords));
      expect(end.builds[0]).toMatchObject({ percent: 100, release: { stage: 'live' } });
      const [{ url } = { url: '' }] = end.builds;
      expect((await fetch(url)).headers.get('x-revision')).toBe(end.builds[0]?.release?.candidate?.revision);
    },
    120_000,
  );
});
