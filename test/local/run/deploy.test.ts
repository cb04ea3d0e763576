import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  ask,
  byRevision,
  fullName,
  latest,
  parent,
  repository,
  runCloud,
  type RunCloud,
} from './run-cloud.ts';

describe('a service that is deployed', () => {
  let run: RunCloud;
  beforeAll(async () => {
    run = await runCloud({ random: () => 0 });
  });
  afterAll(() => run.close());

  test('reads back with its status, serves at its address, and has a revision', async () => {
    const service = await run.deploy('web', {}, { template: { labels: { 'commit-sha': 'abc' } } });
    expect(service).toMatchObject({
      name: fullName('web'),
      generation: '1',
      observedGeneration: '1',
      reconciling: false,
      latestCreatedRevision: `${fullName('web')}/revisions/web-00001-aaa`,
      latestReadyRevision: `${fullName('web')}/revisions/web-00001-aaa`,
      terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
      trafficStatuses: [{ type: latest, percent: 100 }],
      urls: [service.uri],
    });
    expect(service.etag).toMatch(/^".+"$/);
    expect(service.uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const answer = await ask(service.uri);
    expect(answer).toMatchObject({ revision: 'web-00001-aaa', service: 'web' });
    expect(answer.env).toMatchObject({
      K_CONFIGURATION: 'web',
      FROM_IMAGE: 'yes',
      CLOUD_API_ENDPOINT: run.cloud.context.origin,
    });
    expect(answer.env.CONFIG).toMatch(/\/image\/app\/server\.mjs$/);
    expect(answer.cwd).toMatch(/\/image\/app$/);

    const [revision] = await run.revisions.getRevision({ name: service.latestReadyRevision ?? '' });
    expect(revision).toMatchObject({
      service: fullName('web'),
      labels: { 'commit-sha': 'abc' },
      reconciling: false,
      containers: [{ image: expect.stringMatching(/\/web@sha256:/), ports: [{ containerPort: 8080 }] }],
    });
    expect(revision.conditions?.map(({ type, state }) => [type, state])).toContainEqual([
      'Ready',
      'CONDITION_SUCCEEDED',
    ]);
  });

  test('a second template is a second revision, and the latest one gets the traffic', async () => {
    await run.deploy('second');
    const service = await run.deploy('second', { env: [{ name: 'A', value: '1' }] });
    expect(service).toMatchObject({
      generation: '2',
      latestReadyRevision: expect.stringMatching(/-00002-aaa$/),
    });
    expect(await ask(service.uri)).toMatchObject({ revision: 'second-00002-aaa' });
    const [revisions] = await run.revisions.listRevisions({ parent: fullName('second') });
    expect(revisions.map(({ name }) => name?.split('/').at(-1))).toEqual([
      'second-00002-aaa',
      'second-00001-aaa',
    ]);
  });

  test('the same template again is no new revision', async () => {
    await run.deploy('same');
    const again = await run.deploy('same');
    expect(again).toMatchObject({
      generation: '1',
      latestReadyRevision: expect.stringMatching(/-00001-aaa$/),
    });
  });

  test('command and arguments replace those of the image', async () => {
    const { uri } = await run.deploy('args', {
      args: ['/app/server.mjs', '--config=/app/server.mjs', '/nowhere'],
    });
    const { argv } = await ask(uri);
    expect(argv).toEqual([expect.stringMatching(/^--config=.*\/image\/app\/server\.mjs$/), '/nowhere']);
  });

  test('a candidate at 0 % has an address of its own and takes nothing from the stable revision', async () => {
    await run.deploy('canary', {}, { template: { revision: 'canary-one' } });
    await run.route('canary', [{ type: byRevision, revision: 'canary-one', percent: 100 }]);
    const service = await run.deploy(
      'canary',
      { env: [{ name: 'A', value: '2' }] },
      {
        template: { revision: 'canary-two' },
        traffic: [
          { type: byRevision, revision: 'canary-one', percent: 100 },
          { type: byRevision, revision: 'canary-two', tag: 'c-two' },
        ],
      },
    );
    const tagged = service.trafficStatuses?.find(({ tag }) => tag === 'c-two');
    expect(tagged).toMatchObject({ revision: 'canary-two', uri: expect.stringMatching(/^http:/) });
    expect(tagged?.uri).not.toBe(service.uri);
    expect(await ask(service.uri)).toMatchObject({ revision: 'canary-one' });
    expect(await ask(tagged?.uri)).toMatchObject({ revision: 'canary-two' });
  });

  test('what the readiness sink needs is in the log, in the order of events', async () => {
    run.entries.length = 0;
    await run.deploy('logged', {}, { template: { revision: 'logged-one', labels: { 'build-id': 'b1' } } });
    const kinds = run.entries.map(({ logName, protoPayload, textPayload }) => {
      const response = protoPayload?.response as { kind?: string } | undefined;
      const id =
        decodeURIComponent(logName.split('/').at(-1) ?? '')
          .split('/')
          .at(-1) ?? '';
      return `${id}: ${response?.kind ?? (textPayload ?? '').slice(0, 35)}`;
    });
    expect(kinds).toEqual([
      'activity: ',
      'system: Starting new instance. Reason: DEPL',
      'system: Default STARTUP TCP probe succeeded',
      'system_event: Revision',
      'system_event: Service',
    ]);
    expect(run.entries[0]).toMatchObject({
      logName: 'projects/test-project/logs/cloudaudit.googleapis.com%2Factivity',
      severity: 'NOTICE',
      protoPayload: {
        methodName: 'google.cloud.run.v2.Services.CreateService',
        resourceName: 'namespaces/test-project/services/logged',
        status: {},
      },
      resource: { labels: { revision_name: '', service_name: 'logged' } },
    });
    expect(run.entries[3]).toMatchObject({
      logName: 'projects/test-project/logs/cloudaudit.googleapis.com%2Fsystem_event',
      severity: 'INFO',
      resource: {
        type: 'cloud_run_revision',
        labels: {
          configuration_name: 'logged',
          location: 'europe-west1',
          project_id: 'test-project',
          revision_name: 'logged-one',
          service_name: 'logged',
        },
      },
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
        serviceName: 'run.googleapis.com',
        methodName: '/Services.CreateService',
        resourceName: 'namespaces/test-project/revisions/logged-one',
        status: {
          message: expect.stringMatching(
            /^Ready condition status changed to True for Revision logged-one with message: Deploying revision succeeded in \d+\.\d\ds\.$/,
          ),
        },
        response: {
          '@type': 'type.googleapis.com/google.cloud.run.v1.Revision',
          kind: 'Revision',
          metadata: {
            name: 'logged-one',
            namespace: '123456789012',
            labels: {
              'build-id': 'b1',
              'serving.knative.dev/service': 'logged',
              'serving.knative.dev/configurationGeneration': '1',
              'run.googleapis.com/startupProbeType': 'Default',
            },
          },
          status: {
            imageDigest: expect.stringMatching(/@sha256:/),
            conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'True' })]),
          },
        },
      },
    });
    expect(run.entries[4]?.protoPayload).toMatchObject({
      status: { message: 'Ready condition status changed to True for Service logged.' },
      response: { kind: 'Service', status: { latestReadyRevisionName: 'logged-one' } },
    });
  });

  test('the startup probe line is the one that Cloud Run writes', async () => {
    await run.deploy('lines');
    expect(run.systemLines()).toContain(
      'Default STARTUP TCP probe succeeded after 1 attempt for container "lines-1" on port 8080.',
    );
  });

  test('an HTTP startup probe is asked until it is content', async () => {
    await run.deploy('probed', {
      name: 'app',
      startupProbe: { httpGet: { path: '/ready' }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 5 },
    });
    expect(run.systemLines()).toContain(
      'STARTUP HTTP probe succeeded after 1 attempt for container "app" on port 8080 path "/ready".',
    );
  });

  test('validate_only changes nothing and says what would be', async () => {
    const [operation] = await run.services.createService({
      parent,
      serviceId: 'dry',
      validateOnly: true,
      service: { template: { containers: [{ image: `${repository}/web:1` }] } },
    });
    const [service] = await operation.promise();
    expect(service.name).toBe(fullName('dry'));
    expect(String(service.generation)).toBe('1');
    await expect(run.get('dry')).rejects.toMatchObject({ code: 5 });
  });

  test('allow_missing creates what an update does not find; without it the update is refused', async () => {
    const service = {
      name: fullName('upsert'),
      template: { containers: [{ image: `${repository}/web:1` }] },
    };
    await expect(run.services.updateService({ service })).rejects.toMatchObject({ code: 5 });
    const [operation] = await run.services.updateService({ service, allowMissing: true });
    await operation.promise();
    expect(await run.get('upsert')).toMatchObject({ generation: '1', reconciling: false });
  });

  test('services are listed', async () => {
    const [services] = await run.services.listServices({ parent });
    expect(services.map(({ name }) => name)).toContain(fullName('web'));
  });
});
