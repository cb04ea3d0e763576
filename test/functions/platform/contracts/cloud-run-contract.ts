import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CloudRun, RunService, TrafficTarget } from '../../../../functions/platform/cloud-run.ts';

/** Cloud Run without services, and what other programs than the pipeline's functions do to it. */
export interface CloudRunSubject {
  readonly run: CloudRun;
  /** Makes the service with one revision, which comes up and gets all traffic by its name. */
  createService(service: string, revision: string): Promise<void>;
  /** Makes a revision beside the traffic that there is, and waits until it has come up, or has failed to. */
  addRevision(service: string, revision: string, outcome: 'ready' | 'failed'): Promise<void>;
  /** Lets the platform finish what it has begun. */
  settle(service: string): Promise<void>;
  close(): Promise<void>;
}

const at = (revision: string | undefined, percent: number, tag?: string): TrafficTarget => ({
  revision,
  percent,
  tag,
});

/** What every CloudRun does, whatever is behind it. */
export function cloudRunContract(open: () => Promise<CloudRunSubject>): void {
  let subject: CloudRunSubject;
  let run: CloudRun;
  beforeEach(async () => {
    subject = await open();
    run = subject.run;
    await subject.createService('web', 'web-1');
  });
  afterEach(() => subject.close());

  const service = async (): Promise<RunService> => {
    const found = await run.service('web');
    if (!found) throw new Error('there is no service web');
    return found;
  };
  /** Sets the traffic and gives the service as it stands then. */
  const route = async (...traffic: TrafficTarget[]): Promise<RunService> => {
    expect(await run.setTraffic(await service(), traffic)).toBe(true);
    await subject.settle('web');
    return service();
  };
  const serving = ({ serving: targets }: RunService): TrafficTarget[] =>
    targets.map(({ revision, percent, tag }) => ({ revision, percent, tag }));

  describe('a service', () => {
    test('that is absent is undefined', async () => {
      expect(await run.service('absent')).toBeUndefined();
    });

    test('is settled and serves what it was made with', async () => {
      const made = await service();
      expect(made).toMatchObject({ settled: true, failure: undefined, traffic: [at('web-1', 100)] });
      expect(serving(made)).toEqual([at('web-1', 100)]);
    });
  });

  describe('a revision', () => {
    test('that is absent is undefined', async () => {
      expect(await run.revision('web', 'web-absent')).toBeUndefined();
      expect(await run.revision('absent', 'absent-1')).toBeUndefined();
    });

    test('that has come up is ready', async () => {
      expect(await run.revision('web', 'web-1')).toMatchObject({ name: 'web-1', ready: 'yes' });
    });

    test('that comes up beside the traffic changes none of it', async () => {
      await subject.addRevision('web', 'web-2', 'ready');
      expect(await run.revision('web', 'web-2')).toMatchObject({ name: 'web-2', ready: 'yes' });
      expect(serving(await service())).toEqual([at('web-1', 100)]);
    });

    test('that has failed says why', async () => {
      await subject.addRevision('web', 'web-2', 'failed');
      const failed = await run.revision('web', 'web-2');
      expect(failed).toMatchObject({ name: 'web-2', ready: 'no' });
      expect(failed?.message).not.toBe('');
    });
  });

  describe('the list of revisions', () => {
    test('of a service that is absent is empty', async () => {
      expect(await run.revisions('absent')).toEqual([]);
    });

    test('has each with its labels and when it was made, be it ready or not', async () => {
      await subject.addRevision('web', 'web-2', 'ready');
      await subject.addRevision('web', 'web-3', 'failed');
      const listed = [...(await run.revisions('web'))].sort((a, b) => (a.name < b.name ? -1 : 1));
      expect(listed.map(({ name }) => name)).toEqual(['web-1', 'web-2', 'web-3']);
      const made = listed.map(({ createdAt }) => Date.parse(createdAt));
      expect(made).toEqual([...made].sort((a, b) => a - b));
      expect(made).not.toContain(0);
      for (const { name, labels } of listed)
        expect(labels).toEqual((await run.revision('web', name))?.labels);
    });

    test('has no longer what was deleted', async () => {
      await subject.addRevision('web', 'web-2', 'ready');
      await subject.addRevision('web', 'web-3', 'ready');
      await run.deleteRevision('web', 'web-2');
      expect((await run.revisions('web')).map(({ name }) => name).sort()).toEqual(['web-1', 'web-3']);
    });
  });

  describe('traffic', () => {
    beforeEach(() => subject.addRevision('web', 'web-2', 'ready'));

    test('is served as it was asked for once the service has settled', async () => {
      const routed = await route(at('web-1', 90), at('web-2', 10));
      expect(routed).toMatchObject({ settled: true, failure: undefined });
      expect(routed.traffic).toEqual([at('web-1', 90), at('web-2', 10)]);
      expect(serving(routed)).toEqual([at('web-1', 90), at('web-2', 10)]);
    });

    test('with an etag that has been overtaken is not taken (trap 9)', async () => {
      const before = await service();
      await route(at('web-1', 50), at('web-2', 50));
      expect(await run.setTraffic(before, [at('web-2', 100)])).toBe(false);
      expect((await service()).traffic).toEqual([at('web-1', 50), at('web-2', 50)]);
    });

    test('of two changes of one state the first wins (trap 9)', async () => {
      const read = await service();
      const accepted = await Promise.all([
        run.setTraffic(read, [at('web-1', 50), at('web-2', 50)]),
        run.setTraffic(read, [at('web-2', 100)]),
      ]);
      expect(accepted.filter(Boolean)).toHaveLength(1);
    });

    test.each([
      ['nothing', [at('web-1', 0)]],
      ['too little', [at('web-1', 90), at('web-2', 9)]],
      ['too much', [at('web-1', 90), at('web-2', 11)]],
    ])('that adds up to %s is refused', async (_, traffic) => {
      await expect(run.setTraffic(await service(), traffic)).rejects.toThrow();
      expect(serving(await service())).toEqual([at('web-1', 100)]);
    });

    test('keeps every tag that is sent with it, at its own address (trap 16)', async () => {
      const routed = await route(at('web-1', 100, 'stable'), at('web-2', 0, 'c-2'), at('web-2', 0, 'newest'));
      expect(serving(routed)).toEqual([
        at('web-1', 100, 'stable'),
        at('web-2', 0, 'c-2'),
        at('web-2', 0, 'newest'),
      ]);
      const urls = routed.serving.map(({ url }) => url);
      expect(new Set([...urls, routed.url]).size).toBe(4);
      expect(urls).not.toContain(undefined);
    });

    test('drops the tags that are not sent with it', async () => {
      await route(at('web-1', 100), at('web-2', 0, 'c-2'));
      expect(serving(await route(at('web-1', 100)))).toEqual([at('web-1', 100)]);
    });

    test('can be pinned to the latest revision, whose name is known (trap 12)', async () => {
      const routed = await route(at(undefined, 100));
      expect(routed.traffic).toEqual([at(undefined, 100)]);
      expect(serving(routed)).toEqual([at('web-2', 100)]);
    });

    test('for a failed revision fails, and goes on as it was (trap 13)', async () => {
      await route(at('web-1', 70), at('web-2', 30));
      await subject.addRevision('web', 'web-3', 'failed');
      const routed = await route(at('web-1', 50), at('web-3', 50));
      expect(routed.settled).toBe(true);
      expect(routed.failure).toEqual(expect.any(String));
      expect(serving(routed)).toEqual([at('web-1', 70), at('web-2', 30)]);
      // Traffic that leaves the failed revision out puts the service right.
      const repaired = await route(at('web-1', 100));
      expect(repaired.failure).toBeUndefined();
      expect(serving(repaired)).toEqual([at('web-1', 100)]);
    });

    test('for a revision that does not exist is not taken', async () => {
      const accepted = await run.setTraffic(await service(), [at('web-absent', 100)]).catch(() => false);
      expect(accepted).toBe(false);
      expect(serving(await service())).toEqual([at('web-1', 100)]);
    });
  });

  test('opens and closes a service, guarded by its etag', async () => {
    const before = await service();
    expect(await run.setOpen(before, !before.open)).toBe(true);
    await subject.settle('web');
    expect((await service()).open).toBe(!before.open);
    expect(await run.setOpen(before, before.open)).toBe(false);
  });

  describe('deleting a revision', () => {
    beforeEach(async () => {
      await subject.addRevision('web', 'web-2', 'ready');
      await subject.addRevision('web', 'web-3', 'ready');
    });

    test('removes one that nothing leads to', async () => {
      expect(await run.deleteRevision('web', 'web-2')).toBe(true);
      expect(await run.revision('web', 'web-2')).toBeUndefined();
    });

    test.each([
      ['has traffic', at('web-2', 10)],
      ['has a tag', at('web-2', 0, 'c-2')],
    ])('is refused for one that %s (trap 26)', async (_, target) => {
      await route(at('web-1', 100 - target.percent), target);
      expect(await run.deleteRevision('web', 'web-2')).toBe(false);
      expect(await run.revision('web', 'web-2')).toMatchObject({ ready: 'yes' });
    });

    test('is fine for one that is gone already', async () => {
      expect(await run.deleteRevision('web', 'web-absent')).toBe(true);
    });
  });

  test('tells who changed a service last', async () => {
    expect((await service()).lastModifier).toEqual(expect.any(String));
  });
}
