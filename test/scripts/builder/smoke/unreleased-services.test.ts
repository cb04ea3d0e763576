import { expect, test } from '@jest/globals';
import type { RunService } from '../../../../functions/platform/cloud-run.ts';
import { newServiceRecord, type ServiceRecord } from '../../../../functions/release/service-record.ts';
import { unreleasedServices } from '../../../../scripts/builder/smoke/unreleased-services.ts';

const service = (open: boolean): RunService => ({
  ...{ name: 'api', etag: '1', url: 'https://api', traffic: [], serving: [], settled: true },
  ...{ failure: undefined, open, lastModifier: undefined },
});
const released: ServiceRecord = {
  ...newServiceRecord('api'),
  stable: {
    ...{ release: '0123456-11111111', revision: 'api-0123456-11111111', image: 'api@sha256:1' },
    ...{ commit: '0123456', order: '1', since: '2026-03-02T10:00:00Z', schemaVersion: 1 },
  },
};

test.each<[what: string, RunService | undefined, ServiceRecord, string[]]>([
  ['not deployed yet', undefined, newServiceRecord('api'), ['api']],
  ['deployed, and not verified yet', service(false), newServiceRecord('api'), ['api']],
  ['open', service(true), newServiceRecord('api'), []],
  ['released', service(true), released, []],
  ['released, and closed by somebody: that is for the specs to find out', service(false), released, []],
])('%s', async (_what, deployed, record, expected) => {
  const run = { service: () => Promise.resolve(deployed) };
  const ledger = { service: () => Promise.resolve(record) };
  expect(await unreleasedServices(run, ledger, ['api'])).toEqual(expected);
});
