import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Release } from '../../functions/release/release.ts';
import type { ServiceRecord } from '../../functions/release/service-record.ts';
import { startBoard, type Board } from './support/board.ts';
import { outsider, type Outsider } from './support/console.ts';
import { person } from './support/fixture-repo.ts';

/** Without users there is nothing to judge by: it stays at 20 % until somebody does something. */
const staysAtTwenty = {
  steps: [{ percent: 20, atLeastSeconds: 0.5, atMostSeconds: 1 }],
  onInconclusive: 'wait',
};
const asksForAll = { ...staysAtTwenty, onInconclusive: 'promote', approve: [100] };
/** Verified, and kept from its traffic. */
const isWaiting = ({ stage, verdict, build }: Release): boolean =>
  stage === 'verifying' && verdict?.verdict === 'healthy' && build.status === 'SUCCESS';

let board: Board;
let somebody: Outsider;
const tellings: Record<string, Promise<void>> = {};

/** Each tells of a service of its own; they take place at the same time. */
const stories: Record<string, (service: string) => Promise<void>> = {
  split: splitByHand,
  console: rolledBackInConsole,
  approval: approvedAndPromoted,
  hold: heldByHand,
  newer: supersededByNewer,
};

beforeAll(async () => {
  const services = {
    split: { rollout: staysAtTwenty },
    approval: { rollout: asksForAll },
    newer: { rollout: staysAtTwenty },
  };
  board = await startBoard(Object.keys(stories), { services }, async (starting) => {
    // The first release of a service gets everything at once, which waits for approval too.
    await starting.release('approval', starting.first, isWaiting);
    const { code } = await starting.npm('approve', 'approval', '100', '--why', 'the first');
    expect(code).toBe(0);
  });
  somebody = await outsider(board);
  for (const [service, story] of Object.entries(stories)) {
    const telling = story(service);
    // Awaited by its test.
    telling.catch(() => undefined);
    tellings[service] = telling;
  }
}, 240_000);

afterAll(() => board.stop(), 60_000);

test.each([
  ['who splits the traffic while a canary is under way has it: frozen, cancelled, nothing moves', 'split'],
  ['who rolls back in the console is not overruled: nothing is rolled forward again (trap 20)', 'console'],
  ['what waits for approval goes on with it, and what waits for its time when promoted', 'approval'],
  [
    'what a person has frozen waits until it is released; a rollback freezes unless told to keep going',
    'hold',
  ],
  ['a newer release supersedes a canary; stable is what it was before (trap 18)', 'newer'],
])('%s', async (_, story) => tellings[story], 150_000);

const revisionOf = ({ candidate }: Release): string => candidate?.revision ?? '';
const stableOf = async (service: string): Promise<string> =>
  (await board.record(service)).stable?.revision ?? '';
const at =
  (percent: number) =>
  ({ steps }: Release): boolean =>
    steps.at(-1)?.percent === percent && steps.at(-1)?.servingAt !== undefined;

async function npm(script: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await board.npm(script, ...args);
  expect([script, code, stderr]).toEqual([script, 0, '']);
  return stdout;
}

/** Cloud Run is asked for nothing although everybody is told to look. */
async function nothingMoves(service: string): Promise<void> {
  const since = new Date().toISOString();
  const before = await board.shares(service);
  for (let look = 0; look < 3; look += 1) {
    await board.tick();
    await sleep(700);
    expect(await board.shares(service)).toEqual(before);
  }
  expect(await board.trafficSince(service, since)).toEqual([]);
}

const frozenBy =
  (cause: string) =>
  ({ frozen }: ServiceRecord): boolean =>
    frozen?.cause === cause;

async function splitByHand(service: string): Promise<void> {
  const stable = await stableOf(service);
  const second = board.push({ [service]: 'good' }, `${service}: a canary`);
  const canary = revisionOf(await board.release(service, second, at(20)));

  await somebody.giveTraffic(service, { [stable]: 50, [canary]: 50 });
  await board.tick();
  const { frozen } = await board.record(service, frozenBy('takeover'));
  expect(frozen).toMatchObject({ by: somebody.name, why: expect.stringMatching(/50 %.*where .* 20 % was/) });
  const cancelled = await board.release(service, second, ({ stage }) => stage === 'cancelled');
  expect(cancelled.history.at(-1)?.by).toBe(somebody.name);
  expect((await board.pages(service))[0]).toMatch(/is frozen: .* has changed it/);
  await board.status(second, `slipway/${service}/rollout`, 'error', /^Taken over at 20 % by /);

  const third = board.push({ [service]: 'good' }, `${service}: meanwhile`);
  await board.release(service, third, isWaiting);
  await nothingMoves(service);
  expect((await board.shares(service)).map(({ percent }) => percent)).toEqual([50, 50]);

  const tooEarly = await board.npm('release', service, '--why', 'go on', '--yes');
  expect([tooEarly.code, tooEarly.stderr]).toEqual([
    1,
    expect.stringMatching(/is split .*; roll back to one revision first/s),
  ]);
  await npm('rollback', service, '--to', stable, '--why', 'enough of it', '--yes');
  const fourth = board.push({ [service]: 'good' }, `${service}: after the rollback`);
  await board.release(service, fourth, isWaiting);
  await nothingMoves(service);
  await npm('release', service, '--why', 'understood', '--yes');
  // What was pushed before the rollback has been rolled back with it; what came after goes out.
  await board.release(service, fourth, at(20));
  const left = await board.ended(service, third);
  expect([left.stage, left.steps]).toEqual(['superseded', []]);
  expect((await board.record(service)).log.slice(-2)).toMatchObject([
    { what: `rolled back to ${stable}`, by: person, why: 'enough of it' },
    { what: 'released', by: person, why: 'understood' },
  ]);
}

async function rolledBackInConsole(service: string): Promise<void> {
  const old = await stableOf(service);
  const second = board.push({ [service]: 'good' }, `${service}: live`);
  await board.release(service, second, ({ stage }) => stage === 'live');

  await somebody.giveTraffic(service, { [old]: 100 });
  await board.tick();
  const record = await board.record(
    service,
    ({ frozen, stable }) => frozen?.cause === 'takeover' && stable?.revision === old,
  );
  expect(record.frozen?.by).toBe(somebody.name);
  const taken = await board.release(service, second, ({ stage }) => stage === 'rolled-back');
  expect(taken.history.at(-1)).toMatchObject({
    by: somebody.name,
    reason: `${somebody.name} gave all traffic to ${old}`,
  });

  const third = board.push({ [service]: 'good' }, `${service}: the next`);
  await board.release(service, third, isWaiting);
  await nothingMoves(service);
  await board.status(third, `slipway/${service}/rollout`, 'pending', /^Frozen by /);
  await npm('release', service, '--why', 'the next is mended', '--yes');
  expect((await board.ended(service, third)).stage).toBe('live');
}

async function approvedAndPromoted(service: string): Promise<void> {
  expect(await board.record(service)).toMatchObject({ stable: { commit: board.first } });
  const second = board.push({ [service]: 'good' }, `${service}: asks`);
  const says = new RegExp(
    `^Waiting for approval of 100 %: npm run approve -- ${service}; inconclusive since `,
  );
  await board.status(second, `slipway/${service}/rollout`, 'pending', says);
  await nothingMoves(service);
  expect((await board.shares(service)).map(({ percent }) => percent).sort()).toEqual([20, 80]);
  const wrong = await board.npm('approve', service, '50', '--why', 'x');
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringMatching(/waits for approval of 100 %, not of 50 %/),
  ]);
  await npm('approve', service, '--why', 'the canary sings');
  const approved = await board.ended(service, second);
  expect(approved).toMatchObject({
    stage: 'live',
    approvals: [{ percent: 100, by: person, why: 'the canary sings' }],
  });

  const third = board.push({ [service]: 'good' }, `${service}: promoted`);
  await board.release(service, third, at(20));
  await npm('promote', service, '--why', 'no time', '--yes');
  const promoted = await board.ended(service, third);
  expect(promoted).toMatchObject({ stage: 'live', promoted: { by: person, why: 'no time' } });
  expect(promoted.history.map(({ reason }) => reason).join('\n')).toMatch(
    new RegExp(`100 % promoted by ${person}: no time`),
  );
}

async function heldByHand(service: string): Promise<void> {
  const first = await stableOf(service);
  await npm('freeze', service, '--why', 'the fair');
  const second = board.push({ [service]: 'good' }, `${service}: waits`);
  const held = await board.release(service, second, isWaiting);
  const says = new RegExp(`^Frozen by ${person} \\(npm run release -- ${service}\\): the fair$`);
  await board.status(second, `slipway/${service}/rollout`, 'pending', says);
  await nothingMoves(service);
  await npm('release', service, '--why', 'the fair is over', '--yes');
  expect((await board.ended(service, second)).stage).toBe('live');

  await npm('rollback', service, '--why', 'orders fail', '--yes');
  const { frozen } = await board.record(service, frozenBy('rollback'));
  expect(frozen).toMatchObject({ by: person, why: `rolled back to ${first}: orders fail` });
  const third = board.push({ [service]: 'good' }, `${service}: mended`);
  await board.release(service, third, isWaiting);
  await npm('release', service, '--why', 'mended', '--yes');
  const { stage } = await board.ended(service, third);
  expect(stage).toBe('live');

  await npm('rollback', service, '--keep-going', '--why', 'not quite', '--yes');
  const record = await board.record(service, ({ rollbackRequest }) => rollbackRequest === undefined);
  expect([record.stable?.revision, record.frozen]).toEqual([first, undefined]);
  const fourth = board.push({ [service]: 'good' }, `${service}: at last`);
  expect((await board.ended(service, fourth)).stage).toBe('live');
  expect(record.log.map(({ what, by, why }) => [what, by, why])).toEqual([
    ['frozen', person, 'the fair'],
    ['released', person, 'the fair is over'],
    [`rolled back to ${first}`, person, 'orders fail'],
    ['frozen', person, `rolled back to ${first}: orders fail`],
    ['released', person, 'mended'],
    [`rolled back to ${first}`, person, 'not quite'],
  ]);
  expect((await board.release(service, second, () => true)).history.at(-1)).toMatchObject({
    stage: 'rolled-back',
    by: person,
    reason: `rolled back to ${first}: orders fail`,
  });
  expect(revisionOf(held)).not.toBe(first);
}

async function supersededByNewer(service: string): Promise<void> {
  const stable = await stableOf(service);
  const second = board.push({ [service]: 'good' }, `${service}: a canary`);
  await board.release(service, second, at(20));
  expect(await stableOf(service)).toBe(stable);

  const third = board.push({ [service]: 'good' }, `${service}: a newer one`);
  const newer = await board.release(service, third, at(20));
  const older = await board.ended(service, second);
  expect(older.stage).toBe('superseded');
  expect(older.history.at(-1)?.reason).toBe(`a newer release is being rolled out: ${newer.id}`);
  expect(await stableOf(service)).toBe(stable);
  const shares = [
    { revision: stable, percent: 80 },
    { revision: revisionOf(newer), percent: 20 },
  ].sort((a, b) => (a.revision < b.revision ? -1 : 1));
  expect(await board.shares(service)).toEqual(shares);
  const says = /^Stopped at 20 %: a newer release is being rolled out/;
  await board.status(second, `slipway/${service}/rollout`, 'success', says);
}
