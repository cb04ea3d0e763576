import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Build } from '../../../local/build/build-types.ts';
import type { GitPush } from '../../../local/core/links.ts';
import { openTable } from '../../../local/core/state.ts';
import { buildCloud, submit, type BuildCloud } from './support.ts';

const open: BuildCloud[] = [];
const start = async (options: Parameters<typeof buildCloud>[0] = {}): Promise<BuildCloud> => {
  const world = await buildCloud({ concurrency: 1, ...options });
  open.push(world);
  return world;
};
afterEach(async () => {
  for (const world of open.splice(0)) await world.close();
});

const waitsFor = (file: string): object => ({
  steps: [
    {
      name: 'ubuntu',
      args: [
        'sh',
        '-c',
        `i=0; while [ ! -f ${file} ]; do i=$$((i+1)); [ $$i -gt 400 ] && exit 9; sleep 0.05; done`,
      ],
    },
  ],
});
const quick = { steps: [{ name: 'ubuntu', args: ['true'] }] };
const statuses = (world: BuildCloud, id: string): string[] =>
  world.published.filter((build) => build.id === id).map(({ status }) => status);
const working = (world: BuildCloud, id: string): Promise<Build> =>
  world.message((build) => build.id === id && build.status === 'WORKING');

describe('the queue', () => {
  test('runs as many builds as it may, in their order', async () => {
    const world = await start();
    const first = await submit(world, { steps: [{ name: 'ubuntu', args: ['sleep', '0.3'] }] });
    await working(world, first);
    const second = await submit(world, quick);
    const third = await submit(world, quick);
    expect(statuses(world, second)).toEqual(['QUEUED']);
    await world.ended(third);
    const order = world.published
      .filter(({ status }) => status === 'WORKING' || status === 'SUCCESS')
      .map(({ id, status }) => `${status} ${id}`);
    expect(order).toEqual([first, second, third].flatMap((id) => [`WORKING ${id}`, `SUCCESS ${id}`]));
  });

  test('a build that waits for longer than its queueTtl expires', async () => {
    const world = await start();
    const first = await submit(world, { steps: [{ name: 'ubuntu', args: ['sleep', '20'] }] });
    await working(world, first);
    const second = await submit(world, { ...quick, queueTtl: { nanos: 100_000_000 } });
    expect(await world.ended(second)).toMatchObject({
      status: 'EXPIRED',
      statusDetail: expect.stringContaining('waited in the queue'),
    });
    await world.client.cancelBuild({ projectId: 'test-project', id: first });
  });

  test('a queued build is cancelled without ever being begun', async () => {
    const world = await start();
    const first = await submit(world, { steps: [{ name: 'ubuntu', args: ['sleep', '20'] }] });
    await working(world, first);
    const second = await submit(world, quick);
    await world.client.cancelBuild({ projectId: 'test-project', id: second });
    await world.client.cancelBuild({ projectId: 'test-project', id: first });
    expect(statuses(world, second)).toEqual(['QUEUED', 'CANCELLED']);
    expect(statuses(world, first)).toEqual(['QUEUED', 'WORKING', 'CANCELLED']);
  });
});

describe('a restart', () => {
  test('what was under way begins again from a clean workspace, what was queued stays queued', async () => {
    const before = await start();
    const marker = `${before.cloud.stateFolder}-go`;
    const build = waitsFor(marker) as { steps: object[] };
    const id = await submit(before, {
      steps: [{ name: 'ubuntu', args: ['sh', '-c', '[ ! -e left ] && touch left'] }, ...build.steps],
    });
    const queued = await submit(before, quick);
    await before.message((each) => each.id === id && each.status === 'WORKING');
    const log = await before.fetch(`/cloud-build/logs/${id}?follow=1`);
    for await (const chunk of log.body ?? [])
      if (Buffer.from(chunk).toString().includes('Starting Step #1')) break;
    await before.close({ keepState: true });
    open.splice(0);
    expect(statuses(before, id)).toEqual(['QUEUED', 'WORKING']);
    expect(statuses(before, queued)).toEqual(['QUEUED']);

    const after = await start({ stateFolder: before.cloud.stateFolder, repository: before.repository });
    await working(after, id);
    writeFileSync(marker, '');
    const [ended, second] = await Promise.all([after.ended(id), after.ended(queued)]);
    rmSync(marker);
    const text = await after.logOf(id);
    expect({ first: ended.status, second: second.status, text }).toMatchObject({
      first: 'SUCCESS',
      second: 'SUCCESS',
    });
    expect(text).toContain('it starts again from its beginning');
    const operation = await after.client.checkCreateBuildProgress(
      `operations/build/test-project/${Buffer.from(id).toString('base64')}`,
    );
    expect(operation.done).toBe(true);
  });
});

describe('what a crash leaves behind', () => {
  test('a push that had no time to become builds, and a workspace', async () => {
    const before = await start();
    const { stateFolder } = before.cloud;
    await before.client.createBuildTrigger({
      projectId: 'test-project',
      trigger: {
        name: 'late',
        github: { owner: 'acme', name: 'shop', push: { branch: '^main$' } },
        build: quick,
      },
    });
    before.repository.commit({ a: '1' });
    await before.close({ keepState: true });
    open.splice(0);
    const push = before.repository.push('refs/heads/main', 'HEAD', () => undefined);
    openTable<GitPush>(path.join(stateFolder, 'build', 'pushes')).set('push-1', push);
    const leftover = path.join(stateFolder, 'build', 'workspaces', 'old');
    mkdirSync(leftover, { recursive: true });

    const after = await start({ stateFolder, repository: before.repository });
    const build = await after.message(({ status }) => status === 'SUCCESS');
    expect(build.substitutions?.COMMIT_SHA).toBe(push.after);
    expect(existsSync(leftover)).toBe(false);
    await after.close({ keepState: true });
    open.splice(0);
    // The same push once more, as after a crash between the build and the note that it is made.
    openTable<GitPush>(path.join(stateFolder, 'build', 'pushes')).set('push-1', push);
    const again = await start({ stateFolder, repository: before.repository });
    const fence = await submit(again, quick);
    await again.ended(fence);
    expect(new Set(again.published.map(({ id }) => id))).toEqual(new Set([fence]));
  });
});
