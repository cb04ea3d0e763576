import { describe } from '@jest/globals';
import { openBucket } from '../../../../functions/platform/cloud-storage.ts';
import { createGoogleApi } from '../../../../functions/platform/google-api.ts';
import { bucket, makeBucket, storageCloud } from '../../../local/storage/storage-cloud.ts';
import { bucketContract } from './bucket-contract.ts';

describe('the adapter of Cloud Storage, on the local cloud', () => {
  bucketContract(async () => {
    const cloud = await storageCloud();
    await makeBucket(cloud);
    return {
      bucket: openBucket(createGoogleApi(cloud.context.origin), bucket),
      close: () => cloud.close(),
    };
  });
});
