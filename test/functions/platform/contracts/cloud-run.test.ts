import { describe } from '@jest/globals';
import { openCloudRun } from '../../../../functions/platform/cloud-run.ts';
import { createGoogleApi } from '../../../../functions/platform/google-api.ts';
import { byRevision, fullName, parent, repository, runCloud } from '../../../local/run/run-cloud.ts';
import { until } from '../../../support/until.ts';
import { cloudRunContract, type CloudRunSubject } from './cloud-run-contract.ts';

const template = (revision: string, mode: 'ok' | 'crash'): object => ({
  revision,
  containers: [{ image: `${repository}/web:1`, env: [{ name: 'MODE', value: mode }] }],
});

async function open(): Promise<CloudRunSubject> {
  const cloud = await runCloud();
  const run = openCloudRun(createGoogleApi(cloud.cloud.context.origin), 'test-project', 'europe-west1');
  return {
    run,
    async createService(service, revision) {
      const [operation] = await cloud.services.createService({
        parent,
        serviceId: service,
        service: {
          template: template(revision, 'ok'),
          traffic: [{ type: byRevision, revision, percent: 100 }],
        },
      });
      await operation.promise();
    },
    async addRevision(service, revision, outcome) {
      const [operation] = await cloud.services.updateService({
        service: {
          name: fullName(service),
          template: template(revision, outcome === 'ready' ? 'ok' : 'crash'),
        },
        updateMask: { paths: ['template'] },
      });
      // That of a revision that fails fails too.
      await operation.promise().catch(() => undefined);
    },
    settle: (service) =>
      until(async () => (await run.service(service))?.settled === true, `${service} has settled`),
    close: () => cloud.close(),
  };
}

describe('the adapter of Cloud Run, on the local cloud', () => {
  cloudRunContract(open);
});
