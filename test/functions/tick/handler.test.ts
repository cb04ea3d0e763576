import { expect, test } from '@jest/globals';
import { openLedger } from '../../../functions/release/ledger.ts';
import { handleTick } from '../../../functions/tick/handler.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';
import { nthRelease } from '../../support/release.ts';

const time = { now: () => new Date('2026-02-01T12:00:00.000Z'), sleep: () => Promise.resolve() };

test('a tick has everybody look at each service and at each release under way (trap 5)', async () => {
  const bucket = memoryBucket();
  const ledger = openLedger(bucket, time);
  await ledger.create(nthRelease(3, 'building'));
  const settled = nthRelease(2, 'superseded');
  await ledger.create(settled);
  await ledger.close(settled, (await ledger.marker(settled)) ?? '');
  await ledger.updateService('web', (record) => record);
  await ledger.requestRollback('api', { revision: 'api-1', by: 'ana', why: 'bad', at: '1' });
  await bucket.write('active/strange/deep/er', '', 'text/plain');

  const published: unknown[] = [];
  const topics = {
    async publish(topic: string, payload: unknown, attributes?: object) {
      published.push([topic, payload, attributes]);
    },
  };
  await handleTick({ ledger, topics });
  const because = { reason: 'tick' };
  expect(published).toEqual([
    ['releases', { service: 'api' }, because],
    ['releases', { service: 'web' }, because],
    ['releases', { service: 'api', release: '3333333-33333333' }, because],
    // The marker of a rollback looks like a release's: the hint has the rollback carried out, and finds no release.
    ['releases', { service: 'api', release: 'rollback' }, because],
  ]);
});
