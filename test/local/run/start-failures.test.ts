import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../support/until.ts';
import {
  ask,
  byRevision,
  fullName,
  parent,
  repository,
  runCloud,
  type IContainer,
  type IService,
  type RunCloud,
} from './run-cloud.ts';

const shortProbe = { tcpSocket: {}, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 1 };
const notListening =
  /^The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable within the allocated timeout\./;

interface Case {
  name: string;
  container: IContainer;
  template?: IService['template'];
  message: RegExp;
  reason: string;
  condition: object;
  lines: (string | RegExp)[];
}

const cases: Case[] = [
  {
    name: 'crash',
    container: { env: [{ name: 'MODE', value: 'crash' }] },
    message: notListening,
    reason: 'HealthCheckContainerError',
    condition: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' },
    lines: [
      'Container called exit(1).',
      'Default STARTUP TCP probe failed 1 time consecutively for container "crash-1" on port 8080. The instance was not started. Connection failed with status CANCELLED.',
    ],
  },
  {
    name: 'ends',
    container: { env: [{ name: 'MODE', value: 'exit-zero' }] },
    message: notListening,
    reason: 'HealthCheckContainerError',
    condition: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' },
    lines: ['Container called exit(0).'],
  },
  {
    name: 'never',
    container: { env: [{ name: 'MODE', value: 'never' }], startupProbe: shortProbe },
    message: notListening,
    reason: 'HealthCheckContainerError',
    condition: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' },
    lines: [
      'STARTUP TCP probe failed 1 time consecutively for container "never-1" on port 8080. The instance was not started. Connection failed with status DEADLINE_EXCEEDED.',
    ],
  },
  {
    name: 'elsewhere',
    container: { env: [{ name: 'MODE', value: 'wrong-port' }], startupProbe: shortProbe },
    message: notListening,
    reason: 'HealthCheckContainerError',
    condition: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' },
    lines: [/Connection failed with status DEADLINE_EXCEEDED\.$/],
  },
  {
    name: 'port',
    container: { ports: [{ containerPort: 3000 }], env: [{ name: 'MODE', value: 'crash' }] },
    message: /PORT=3000/,
    reason: 'HealthCheckContainerError',
    condition: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' },
    lines: [/on port 3000\. The instance was not started/],
  },
  {
    name: 'no-image',
    container: { image: `${repository}/web:9` },
    message: new RegExp(`^Image '${repository}/web:9' not found\\.$`),
    reason: 'ContainerMissing',
    condition: { reason: 'CONTAINER_MISSING' },
    lines: [],
  },
  {
    name: 'no-secret',
    container: {
      env: [{ name: 'KEY', valueSource: { secretKeyRef: { secret: 'api-key', version: '3' } } }],
    },
    message:
      /^The environment variable KEY: Secret projects\/test-project\/secrets\/api-key\/versions\/3 was not found$/,
    reason: 'SecretsAccessCheckFailed',
    condition: { reason: 'SECRETS_ACCESS_CHECK_FAILED' },
    lines: [],
  },
  {
    name: 'no-program',
    container: { command: ['/app/missing'] },
    message: /"\/app\/missing" was not found in the image/,
    reason: 'HealthCheckContainerError',
    condition: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' },
    lines: [],
  },
  {
    name: 'no-database',
    container: { volumeMounts: [{ name: 'db', mountPath: '/cloudsql' }] },
    template: { volumes: [{ name: 'db', cloudSqlInstance: { instances: ['p:r:none'] } }] },
    message: /^The Cloud SQL instance p:r:none, mounted by this revision, does not exist$/,
    reason: 'RevisionFailed',
    condition: { reason: 'REVISION_FAILED' },
    lines: [],
  },
];

describe('a revision that cannot start', () => {
  let run: RunCloud;
  beforeAll(async () => {
    run = await runCloud();
  });
  afterAll(() => run.close());

  test.each(cases)('$name: fails with its reason, twice in the log', async (given) => {
    const { name, container, template, message, reason, condition, lines } = given;
    const deploying = run.deploy(name, container, { template: { ...template, revision: `${name}-one` } });
    await expect(deploying).rejects.toMatchObject({
      code: 9,
      message: expect.stringContaining(`Revision '${name}-one' is not ready and cannot serve traffic. `),
    });
    const service = await run.get(name);
    expect(service).toMatchObject({
      reconciling: false,
      observedGeneration: '1',
      terminalCondition: { type: 'Ready', state: 'CONDITION_FAILED' },
      latestCreatedRevision: `${fullName(name)}/revisions/${name}-one`,
    });
    expect(service.latestReadyRevision ?? '').toBe('');
    const [revision] = await run.revisions.getRevision({ name: service.latestCreatedRevision ?? '' });
    const ready = revision.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ state: 'CONDITION_FAILED', ...condition });
    expect(ready?.message).toMatch(message);

    const events = run
      .logOf('cloudaudit.googleapis.com/system_event')
      .filter(({ resource }) => resource.labels.service_name === name);
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({
      severity: 'ERROR',
      protoPayload: {
        status: {
          code: 9,
          message: expect.stringMatching(
            `^Ready condition status changed to False for Revision ${name}-one with message: `,
          ),
        },
        response: {
          kind: 'Revision',
          status: {
            conditions: expect.arrayContaining([
              expect.objectContaining({ type: 'Ready', status: 'False', reason }),
            ]),
          },
        },
      },
    });
    expect(events[1]).toMatchObject({
      severity: 'ERROR',
      protoPayload: {
        status: {
          code: 9,
          message: expect.stringMatching(
            `^Ready condition status changed to False for Service ${name} with message: `,
          ),
        },
        response: { kind: 'Service' },
      },
    });
    for (const line of lines)
      expect(run.systemLines()).toContainEqual(typeof line === 'string' ? line : expect.stringMatching(line));

    const answer = await fetch(service.uri ?? '');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain(`the service ${name} has no ready revision`);
  });

  test('what the container said stands in the log', () => {
    expect(run.logOf('run.googleapis.com/stderr')).toContainEqual(
      expect.objectContaining({ textPayload: 'cannot read the configuration' }),
    );
  });

  test('a secret that is there reaches the container, and nothing else', async () => {
    run.secrets.set('projects/test-project/secrets/token/versions/latest', 's3cret-value');
    const { uri } = await run.deploy('with-secret', {
      env: [{ name: 'TOKEN', valueSource: { secretKeyRef: { secret: 'token' } } }],
    });
    expect((await ask(uri)).env.TOKEN).toBe('s3cret-value');
    expect(JSON.stringify(run.entries)).not.toContain('s3cret-value');
  });

  test('a mounted Cloud SQL instance is reached by a short path, in any variable', async () => {
    const connection = 'test-project:europe-west1:main';
    run.sockets.set(connection, run.cloud.stateFolder);
    const { uri } = await run.deploy(
      'with-sql',
      {
        env: [
          { name: 'INSTANCE', value: `/cloudsql/${connection}` },
          { name: 'URL', value: `postgres://me@/db?host=/cloudsql/${connection}` },
        ],
        volumeMounts: [{ name: 'db', mountPath: '/cloudsql' }],
      },
      { template: { volumes: [{ name: 'db', cloudSqlInstance: { instances: [connection] } }] } },
    );
    const { env } = await ask(uri);
    expect(env.INSTANCE).toMatch(new RegExp(`^/tmp/slw-[^/]+/${connection}$`));
    expect(env.URL).toBe(`postgres://me@/db?host=${env.INSTANCE}`);
  });

  test('after a failed update the service goes on with what it had, and the next one mends it', async () => {
    await run.deploy('steady', {}, { template: { revision: 'steady-good' } });
    const bad = { env: [{ name: 'MODE', value: 'crash' }] };
    await expect(run.deploy('steady', bad, { template: { revision: 'steady-bad' } })).rejects.toMatchObject({
      code: 9,
    });
    const service = await run.get('steady');
    expect(service).toMatchObject({
      terminalCondition: { state: 'CONDITION_FAILED' },
      latestCreatedRevision: expect.stringMatching(/steady-bad$/),
      latestReadyRevision: expect.stringMatching(/steady-good$/),
    });
    expect(await ask(service.uri)).toMatchObject({ revision: 'steady-good' });
    const mended = await run.deploy(
      'steady',
      { args: ['/app/server.mjs', 'x'] },
      { template: { revision: 'steady-new' } },
    );
    expect(mended.terminalCondition?.state).toBe('CONDITION_SUCCEEDED');
    expect(await ask(mended.uri)).toMatchObject({ revision: 'steady-new' });
  });

  test('a failed revision that is left in the traffic fails the next deploy, until the traffic is put right', async () => {
    const stable = { type: byRevision, revision: 'pinned-good', percent: 100 };
    await run.deploy('pinned', {}, { template: { revision: 'pinned-good' } });
    await expect(
      run.deploy(
        'pinned',
        { env: [{ name: 'MODE', value: 'crash' }] },
        {
          template: { revision: 'pinned-bad' },
          traffic: [stable, { type: byRevision, revision: 'pinned-bad', tag: 'bad' }],
        },
      ),
    ).rejects.toMatchObject({ code: 9 });
    await expect(
      run.deploy('pinned', { args: ['/app/server.mjs', 'x'] }, { template: { revision: 'pinned-next' } }),
    ).rejects.toMatchObject({ message: expect.stringContaining("Revision 'pinned-bad' is not ready") });
    const [next] = await run.revisions.getRevision({ name: `${fullName('pinned')}/revisions/pinned-next` });
    expect(next.conditions?.[0]).toMatchObject({ type: 'Ready', state: 'CONDITION_SUCCEEDED' });
    const { uri } = await run.get('pinned');
    expect(await ask(uri)).toMatchObject({ revision: 'pinned-good' });
    const righted = await run.route('pinned', [{ ...stable, revision: 'pinned-next' }]);
    expect(righted.terminalCondition?.state).toBe('CONDITION_SUCCEEDED');
    await until(async () => (await ask(uri)).revision === 'pinned-next', 'the traffic has moved');
  });

  test('a revision that starts no more answers 503 at a request, and stays ready', async () => {
    run.secrets.set('projects/test-project/secrets/fleeting/versions/1', 'x');
    const service = await run.deploy('fleeting', {
      env: [{ name: 'K', valueSource: { secretKeyRef: { secret: 'fleeting', version: '1' } } }],
    });
    run.secrets.delete('projects/test-project/secrets/fleeting/versions/1');
    await fetch(`${service.uri ?? ''}/exit?code=7`).catch(() => undefined);
    await until(() => run.systemLines().includes('Container called exit(7).'), 'the exit is logged');
    const answer = await fetch(service.uri ?? '');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('secrets/fleeting/versions/1 was not found');
    expect((await run.get('fleeting')).terminalCondition?.state).toBe('CONDITION_SUCCEEDED');
  });

  test('a call that is refused is in the activity log with its status', async () => {
    await expect(
      run.services.createService({
        parent,
        serviceId: 'Bad_Name',
        service: { template: { containers: [{ image: 'x' }] } },
      }),
    ).rejects.toMatchObject({ code: 3 });
    expect(run.logOf('cloudaudit.googleapis.com/activity').at(-1)).toMatchObject({
      severity: 'ERROR',
      protoPayload: { status: { code: 3 }, methodName: 'google.cloud.run.v2.Services.CreateService' },
    });
  });
});
