import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openBucket, type Bucket } from '../../../functions/platform/cloud-storage.ts';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import { takeLease } from '../../../functions/release/lease.ts';
import {
  bucket as bucketName,
  makeBucket,
  storageCloud,
  type StorageCloud,
} from '../../local/storage/storage-cloud.ts';
import { clearFaults, counts, firstOnly, setFaults } from '../../support/api-faults.ts';

describe('Cloud Storage', () => {
  let cloud: StorageCloud;
  let bucket: Bucket;
  beforeAll(async () => {
    cloud = await storageCloud();
    await makeBucket(cloud);
  });
  afterAll(() => cloud.close());
  beforeEach(() => {
    bucket = openBucket(
      createGoogleApi(cloud.context.origin, () => Promise.resolve()),
      bucketName,
    );
  });
  afterEach(() => clearFaults(cloud.context.origin));

  const faults = [
    'refuse-429',
    'refuse-500',
    'refuse-503',
    'error-after-effect',
    'timeout-before',
    'timeout-after-effect',
  ];
  const uploads = { method: 'POST', pathPrefix: '/upload/' };

  test.each(faults)('a conditional write is done once and known to be ours after %s', async (fault) => {
    const object = `releases/${fault}`;
    await setFaults(cloud.context.origin, ...firstOnly(uploads, fault));
    const first = await bucket.writeIf(object, 'one', '0');
    expect(await counts(cloud.context.origin)).toEqual([{ matched: 2, struck: 1 }]);
    expect(await bucket.read(object)).toEqual({ text: 'one', generation: first });
    await setFaults(cloud.context.origin, ...firstOnly(uploads, fault));
    const second = await bucket.writeIf(object, 'two', first ?? '');
    expect(await bucket.read(object)).toEqual({ text: 'two', generation: second });
  });

  test.each(faults)(
    'a write that somebody else has won is not ours after %s, whatever it says',
    async (fault) => {
      const object = `won/${fault}`;
      await bucket.writeIf(object, 'the same', '0');
      await setFaults(cloud.context.origin, ...firstOnly(uploads, fault));
      expect(await bucket.writeIf(object, 'the same', '0')).toBeUndefined();
    },
  );

  test('a write of ours that has been replaced before we could ask again counts as lost', async () => {
    const overtaking = createGoogleApi(cloud.context.origin, async () => {
      await clearFaults(cloud.context.origin);
      await bucket.write('replaced', 'theirs', 'text/plain');
    });
    await setFaults(cloud.context.origin, 1, { match: uploads, probability: 1, fault: 'error-after-effect' });
    expect(await openBucket(overtaking, bucketName).writeIf('replaced', 'ours', '0')).toBeUndefined();
    expect((await bucket.read('replaced'))?.text).toBe('theirs');
  });

  test.each(faults)('a lease is taken by one of two, and held after %s (trap 8)', async (fault) => {
    const object = `leases/${fault}`;
    await setFaults(cloud.context.origin, ...firstOnly(uploads, fault));
    const now = (): number => 1_000;
    const mine = await takeLease(bucket, object, 60, now);
    expect(mine).toBeDefined();
    expect(await takeLease(bucket, object, 60, now)).toBeUndefined();
    await setFaults(cloud.context.origin, ...firstOnly(uploads, fault));
    expect(await mine?.renew(60)).toBe(true);
    await mine?.release();
    expect(await bucket.read(object)).toBeUndefined();
  });

  test.each(faults)('reads, lists, overwrites and removals go on after %s', async (fault) => {
    const strike = (method: string): Promise<void> =>
      setFaults(cloud.context.origin, ...firstOnly({ method }, fault));
    await strike('POST');
    await bucket.write(`all/${fault}`, 'x', 'text/plain');
    await strike('GET');
    expect((await bucket.read(`all/${fault}`))?.text).toBe('x');
    await strike('GET');
    expect(await bucket.list(`all/${fault}`)).toEqual([`all/${fault}`]);
    await strike('DELETE');
    await bucket.remove(`all/${fault}`);
    expect(await bucket.read(`all/${fault}`)).toBeUndefined();
  });

  test('what does not pass is thrown', async () => {
    await setFaults(cloud.context.origin, 1, { probability: 1, fault: 'refuse-503' });
    await expect(bucket.writeIf('a', 'x', '0')).rejects.toMatchObject({ status: 503 });
    await expect(bucket.read('a')).rejects.toMatchObject({ status: 503 });
  });
});
