import { describe, expect, test } from '@jest/globals';
import { openLedger, type Ledger } from '../../../functions/release/ledger.ts';
import { newServiceRecord, type ServiceRecord } from '../../../functions/release/service-record.ts';
import { createCandidate } from '../../../scripts/builder/create-candidate.ts';
import { noteForeignTraffic } from '../../../scripts/builder/note-foreign-traffic.ts';
import type { DeployedService, RunDeployments } from '../../../scripts/builder/run-deployments.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const at = '2026-02-01T12:00:00.000Z';
const stable = 'api-aaaaaaa-11111111';
const all = (revision: string) => [{ revision, percent: 100 }];
const ours: ServiceRecord = {
  ...newServiceRecord('api'),
  traffic: { asked: all(stable), before: [], at: '2026-01-31T12:00:00.000Z', by: 'slipway' },
};
const toLatest = {
  traffic: [{ revision: undefined, percent: 100, tag: undefined }],
  lastModifier: 'ana@acme.dev',
};
const asAsked = {
  traffic: [{ revision: stable, percent: 100, tag: undefined }],
  lastModifier: 'slipway@p.iam.gserviceaccount.com',
};

async function ledgerWith(record?: ServiceRecord): Promise<Ledger> {
  const ledger = openLedger(memoryBucket(), { now: () => new Date(at), sleep: async () => undefined });
  if (record) await ledger.updateService('api', () => record);
  return ledger;
}

test('a pin to the latest, which only the deployment gets to see, is noted with who made it (seeds 464 and 824)', async () => {
  const ledger = await ledgerWith(ours);
  expect(await noteForeignTraffic(ledger, toLatest, ours, at)).toBeUndefined();
  expect((await ledger.service('api')).traffic).toEqual({
    ...ours.traffic,
    foreign: { shares: all('(latest)'), at, by: 'ana@acme.dev' },
  });
});

test('the first note stands: whoever came later came over what it tells of', async () => {
  const ledger = await ledgerWith(ours);
  await noteForeignTraffic(ledger, toLatest, ours, at);
  const noted = await ledger.service('api');
  const later = { ...toLatest, lastModifier: 'bo@acme.dev' };
  expect(await noteForeignTraffic(ledger, later, noted, '2026-02-01T12:05:00.000Z')).toBeUndefined();
  expect(await ledger.service('api')).toEqual(noted);
});

const frozen = { at, by: 'ana', why: 'the sale is on', cause: 'person' as const };
test.each<[string, ServiceRecord | undefined, Pick<DeployedService, 'traffic' | 'lastModifier'>]>([
  ['what was asked for', ours, asAsked],
  ['what is on its way', { ...ours, traffic: { ...traffic(ours), before: [all('(latest)')] } }, toLatest],
  ['anything while the service is frozen', { ...ours, frozen }, toLatest],
  ['anything before the first release', undefined, toLatest],
])('%s is not noted', async (_, record, service) => {
  const ledger = await ledgerWith(record);
  const before = await ledger.service('api');
  expect(await noteForeignTraffic(ledger, service, before, at)).toBeUndefined();
  expect(await ledger.service('api')).toEqual(before);
});

test('a record that has moved since it was read is read again: what looks foreign may have been ours', async () => {
  const asked = { ...ours, traffic: { ...traffic(ours), asked: all('api-bbbbbbb-22222222') } };
  const ledger = await ledgerWith(asked);
  expect(await noteForeignTraffic(ledger, toLatest, ours, at)).toMatchObject({
    message: 'the record of api has changed while the service was looked at',
  });
  expect(await ledger.service('api')).toEqual(asked);
});

function traffic({ traffic: asked }: ServiceRecord): NonNullable<ServiceRecord['traffic']> {
  if (!asked) throw new Error('nothing was ever asked for');
  return asked;
}

describe('a deployment onto a pin to the latest', () => {
  const request = { key: { service: 'api', id: 'bbbbbbb-22222222' }, image: 'image@sha256:b', template: {} };
  const time = { now: () => Date.parse(at), sleep: async () => undefined };
  const serving = [{ revision: stable, percent: 100, tag: undefined }];
  const service: DeployedService = {
    ...toLatest,
    etag: '1',
    url: '',
    latestReady: stable,
    serving,
    tagUrls: {},
  };
  const ready = { image: 'image@sha256:a', labels: {}, annotations: {}, ready: 'yes', message: '' } as const;
  const runWith = (update: RunDeployments['update']): RunDeployments => ({
    service: async () => service,
    revision: async (_, name) => (name === stable ? { ...ready, name } : undefined),
    create: async () => undefined,
    update,
  });

  test('has its note written before it changes anything, so that a crash in between loses nothing', async () => {
    const ledger = await ledgerWith(ours);
    let noted: unknown;
    const run = runWith(async () => {
      noted = (await ledger.service('api')).traffic?.foreign;
      throw new Error('the build has died');
    });
    await expect(createCandidate({ run, records: ledger }, request, time)).rejects.toThrow('has died');
    expect(noted).toMatchObject({ by: 'ana@acme.dev' });
  });

  test('changes nothing while its note cannot be written', async () => {
    const ledger = await ledgerWith(ours);
    const updateService = (): Promise<never> => Promise.reject(new Error('403: storage.objects.create'));
    let updates = 0;
    const run = runWith(async () => {
      updates += 1;
      return undefined;
    });
    const ports = { run, records: { ...ledger, updateService } };
    await expect(createCandidate(ports, request, time)).rejects.toThrow(
      'that somebody has changed the traffic of api could not be written down',
    );
    expect(updates).toBe(0);
  });
});
