import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bucket, storageCloud, type StorageCloud } from './storage-cloud.ts';

const run = promisify(execFile);

function hasGcloud(): boolean {
  try {
    execFileSync('gcloud', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

let cloud: StorageCloud;
beforeEach(async () => {
  cloud = await storageCloud();
});
afterEach(() => cloud.close());

const withGcloud = hasGcloud();

describe(
  withGcloud ? 'the real gcloud' : 'the real gcloud (skipped: there is no gcloud on this machine)',
  () => {
    (withGcloud ? test : test.skip)(
      'makes a bucket, uploads, reads, copies, is refused by a precondition, and removes it all',
      async () => {
        const folder = path.join(cloud.stateFolder, 'gcloud');
        mkdirSync(folder);
        const gcloud = async (...args: string[]): Promise<string> => {
          const { stdout } = await run('gcloud', ['storage', ...args], {
            cwd: folder,
            env: {
              ...process.env,
              CLOUDSDK_CONFIG: path.join(folder, 'config'),
              CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${cloud.context.origin}/`,
              CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
              CLOUDSDK_CORE_PROJECT: 'test-project',
              CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
              no_proxy: '127.0.0.1',
            },
          });
          return stdout;
        };
        const record = path.join(folder, 'record.json');
        const big = path.join(folder, 'big.bin');
        writeFileSync(record, '{"stage":"live"}');
        // Above 8 MiB gcloud turns to a resumable upload.
        writeFileSync(big, Buffer.alloc(9 * 1024 * 1024, 'slipway'));
        const object = `gs://${bucket}/releases/api/1.json`;
        await gcloud('buckets', 'create', `gs://${bucket}`, '--location=europe-west1');
        await gcloud('cp', record, object, '--if-generation-match=0');
        expect(await gcloud('cat', object)).toBe('{"stage":"live"}');
        await expect(gcloud('cp', record, object, '--if-generation-match=0')).rejects.toMatchObject({
          stderr: expect.stringContaining('412') as unknown,
        });
        await gcloud('cp', big, `gs://${bucket}/big.bin`);
        await gcloud('cp', `gs://${bucket}/big.bin`, path.join(folder, 'back.bin'));
        expect(readFileSync(path.join(folder, 'back.bin')).equals(readFileSync(big))).toBe(true);
        expect((await gcloud('ls', `gs://${bucket}/**`)).trim().split('\n')).toEqual([
          `gs://${bucket}/big.bin`,
          object,
        ]);
        await gcloud('rm', '--recursive', `gs://${bucket}`);
        expect(cloud.objects.bucketExists(bucket)).toBe(false);
      },
      120_000,
    );
  },
);
