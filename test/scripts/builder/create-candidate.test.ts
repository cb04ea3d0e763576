import { expect, test } from '@jest/globals';
import { openLedger } from '../../../functions/release/ledger.ts';
import { createCandidate } from '../../../scripts/builder/create-candidate.ts';
import type { RunDeployments } from '../../../scripts/builder/run-deployments.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const request = {
  key: { service: 'api', id: '0123456-11111111' },
  image: `europe-west1-docker.pkg.dev/acme-shop/slipway/api@sha256:${'a'.repeat(64)}`,
  template: {},
};

/** Cloud Run that refuses every change and makes no revision. */
const refusing: RunDeployments = {
  service: async () => undefined,
  revision: async () => undefined,
  create: async () =>
    new Error('Cloud Run refused to create the service api: an organisation policy forbids it'),
  update: async () => new Error('Cloud Run refused to change the service api'),
};

/** No record of any service yet. */
const records = openLedger(memoryBucket(), { now: () => new Date(0), sleep: async () => undefined });

function time(): { now: () => number; sleep: (ms: number) => Promise<void> } {
  let now = 0;
  return {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

test('a refusal that does not pass is told with its reason, within a minute', async () => {
  const clock = time();
  await expect(createCandidate({ run: refusing, records }, request, clock)).rejects.toMatchObject({
    message:
      'the service api could not be changed in 10 attempts; if others are changing it, run the build again once they are done',
    cause: { message: 'Cloud Run refused to create the service api: an organisation policy forbids it' },
  });
  expect(clock.now()).toBeLessThan(60_000);
});

test('a revision that is accepted and never made is not waited for without end', async () => {
  const accepting: RunDeployments = { ...refusing, create: async () => undefined };
  await expect(createCandidate({ run: accepting, records }, request, time())).rejects.toThrow(
    'Cloud Run accepted revision api-0123456-11111111 but has not made it within 120 s',
  );
});
