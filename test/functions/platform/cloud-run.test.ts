import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openCloudRun, type CloudRun, type RunService } from '../../../functions/platform/cloud-run.ts';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import { byRevision, parent, repository, runCloud, type RunCloud } from '../../local/run/run-cloud.ts';
import { until } from '../../support/until.ts';
import { clearFaults, counts, firstOnly, setFaults } from '../../support/api-faults.ts';

describe('Cloud Run', () => {
  let cloud: RunCloud;
  let run: CloudRun;
  let origin: string;
  beforeAll(async () => {
    cloud = await runCloud();
    ({ origin } = cloud.cloud.context);
    run = openCloudRun(createGoogleApi(origin), 'test-project', 'europe-west1');
    for (const revision of ['web-1', 'web-2']) {
      await cloud.deploy(
        'web',
        {},
        { template: { revision }, traffic: [{ type: byRevision, revision: 'web-1', percent: 100 }] },
      );
    }
  });
  afterAll(() => cloud.close());
  afterEach(() => clearFaults(origin));

  const service = async (): Promise<RunService> => {
    const found = await run.service('web');
    if (!found) throw new Error('there is no service web');
    return found;
  };
  const passing = ['refuse-429', 'refuse-500', 'refuse-503', 'timeout-before'];
  const split = (percent: number): Parameters<CloudRun['setTraffic']>[1] => [
    { revision: 'web-1', percent: 100 - percent, tag: undefined },
    { revision: 'web-2', percent, tag: undefined },
  ];

  test.each(passing)('reads go on after %s, and nothing is taken for absent (trap 8)', async (fault) => {
    await setFaults(origin, ...firstOnly({ pathPattern: '/services/web$' }, fault));
    expect((await service()).name).toMatch(/\/web$/);
    await setFaults(origin, ...firstOnly({ pathPattern: '/revisions/' }, fault));
    expect(await run.revision('web', 'web-1')).toMatchObject({ ready: 'yes' });
    expect(await counts(origin)).toEqual([{ matched: 2, struck: 1 }]);
  });

  test.each([...passing, 'error-after-effect', 'timeout-after-effect'])(
    'traffic that was asked for stands after %s, whatever the answer says',
    async (fault) => {
      const percent = 1 + passing.indexOf(fault) + (fault === 'error-after-effect' ? 50 : 0) + 10;
      const before = await service();
      await setFaults(origin, ...firstOnly({ method: 'PATCH' }, fault));
      const accepted = await run.setTraffic(before, split(percent));
      // An effect whose answer was lost shows as somebody's change: the caller reads anew, and finds its own.
      expect(accepted).toBe(!fault.endsWith('after-effect'));
      await until(async () => (await service()).settled, 'the traffic has moved');
      expect((await service()).serving.map((target) => target.percent)).toEqual([100 - percent, percent]);
    },
  );

  test('a revision says when it was made and how long it may take to start', async () => {
    await cloud.deploy(
      'slow',
      { startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 40 } },
      { template: { revision: 'slow-1' } },
    );
    const revision = await run.revision('slow', 'slow-1');
    expect(revision?.startupSeconds).toBe(40);
    expect(Date.now() - Date.parse(revision?.createdAt ?? '')).toBeLessThan(60_000);
  });

  test('a conflict is not asked again, for it will not pass', async () => {
    await setFaults(origin, 1, { match: { method: 'PATCH' }, probability: 1, fault: 'refuse-409' });
    expect(await run.setTraffic(await service(), split(30))).toBe(false);
    expect(await counts(origin)).toEqual([{ matched: 1, struck: 1 }]);
  });

  test('a revision that was deleted although the answer was an error is gone', async () => {
    await cloud.services.updateService({
      service: {
        name: `${parent}/services/web`,
        template: { revision: 'web-3', containers: [{ image: `${repository}/web:2` }] },
      },
      updateMask: { paths: ['template'] },
    });
    await cloud.services.updateService({
      service: {
        name: `${parent}/services/web`,
        template: { revision: 'web-4', containers: [{ image: `${repository}/web:1` }] },
      },
      updateMask: { paths: ['template'] },
    });
    await until(async () => (await run.revision('web', 'web-4'))?.ready === 'yes', 'web-4 is ready');
    await until(async () => (await run.revision('web', 'web-3'))?.ready === 'yes', 'web-3 is ready');
    await setFaults(origin, ...firstOnly({ method: 'DELETE' }, 'error-after-effect'));
    expect(await run.deleteRevision('web', 'web-3')).toBe(true);
    expect(await run.revision('web', 'web-3')).toBeUndefined();
  });
});
