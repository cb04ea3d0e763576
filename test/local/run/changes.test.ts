import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  ask,
  byRevision,
  fullName,
  latest,
  repository,
  runCloud,
  type IService,
  type ITrafficTarget,
  type RunCloud,
} from './run-cloud.ts';

const image = `${repository}/web:1`;

describe('changes of a service', () => {
  let run: RunCloud;
  beforeAll(async () => {
    run = await runCloud();
    await run.deploy('web', {}, { template: { revision: 'web-a' }, description: 'first' });
    await run.deploy('web', { args: ['/app/server.mjs', 'b'] }, { template: { revision: 'web-b' } });
  });
  afterAll(() => run.close());

  const update = async (service: IService, paths?: string[]): Promise<IService> => {
    const [operation] = await run.services.updateService({
      service: { name: fullName('web'), ...service },
      ...(paths ? { updateMask: { paths } } : {}),
    });
    await operation.promise();
    return run.get('web');
  };

  const a = { type: byRevision, revision: 'web-a' } as const;
  const b = { type: byRevision, revision: 'web-b' } as const;

  test.each<{ name: string; traffic: ITrafficTarget[]; expected: ITrafficTarget[] }>([
    {
      name: 'all to a named revision',
      traffic: [{ ...a, percent: 100 }],
      expected: [{ ...a, percent: 100 }],
    },
    {
      name: 'a split',
      traffic: [
        { ...a, percent: 90 },
        { ...b, percent: 10 },
      ],
      expected: [
        { ...a, percent: 90 },
        { ...b, percent: 10 },
      ],
    },
    { name: 'none given is all to the latest', traffic: [], expected: [{ type: latest, percent: 100 }] },
    {
      name: 'latest with a tag of its own',
      traffic: [{ type: latest, percent: 100, tag: 'newest' }],
      expected: [{ type: latest, percent: 100, tag: 'newest' }],
    },
  ])('traffic: $name', async ({ traffic, expected }) => {
    const service = await run.route('web', traffic);
    expect(service.traffic).toMatchObject(expected);
    expect(service.trafficStatuses).toMatchObject(expected);
    expect(service.template?.revision).toBe('web-b');
  });

  test.each<{ name: string; traffic: ITrafficTarget[]; code: number; message: RegExp }>([
    { name: 'too little', traffic: [{ ...a, percent: 99 }], code: 3, message: /must add up to 100, not 99/ },
    {
      name: 'too much',
      traffic: [
        { ...a, percent: 60 },
        { ...b, percent: 60 },
      ],
      code: 3,
      message: /not 120/,
    },
    {
      name: 'an unknown revision',
      traffic: [{ ...a, revision: 'web-zzz', percent: 100 }],
      code: 9,
      message: /Revision 'web-zzz' does not exist or is deleted/,
    },
    {
      name: 'one tag twice',
      traffic: [
        { ...a, percent: 100, tag: 'x' },
        { ...b, tag: 'x' },
      ],
      code: 3,
      message: /the tag "x" is used twice/,
    },
    {
      name: 'a tag with capitals',
      traffic: [{ ...a, percent: 100, tag: 'X' }],
      code: 3,
      message: /traffic\[0\]\.tag: "X"/,
    },
    {
      name: 'a tag that is too long with the name',
      traffic: [{ ...a, percent: 100, tag: 'x'.repeat(61) }],
      code: 3,
      message: /longer than 63/,
    },
    {
      name: 'no type',
      traffic: [{ revision: 'web-a', percent: 100 }],
      code: 3,
      message: /traffic\[0\]\.type/,
    },
    {
      name: 'no revision',
      traffic: [{ type: byRevision, percent: 100 }],
      code: 3,
      message: /traffic\[0\]\.revision: is required/,
    },
  ])('traffic is refused: $name', async ({ traffic, code, message }) => {
    const before = await run.get('web');
    await expect(run.route('web', traffic)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect((await run.get('web')).etag).toBe(before.etag);
  });

  test('a mask changes what it names and nothing else', async () => {
    const before = await run.get('web');
    const after = await update(
      { description: 'second', labels: { team: 'x' }, template: { revision: 'web-q' } },
      ['description'],
    );
    expect(after).toMatchObject({ description: 'second', generation: String(Number(before.generation) + 1) });
    expect(after.labels).toEqual(before.labels);
    expect(after.latestCreatedRevision).toBe(before.latestCreatedRevision);
  });

  test('a masked field that is left out is cleared', async () => {
    expect((await update({}, ['description'])).description ?? '').toBe('');
  });

  test('a mask that names part of the template makes a revision with that part changed', async () => {
    await update({ template: { revision: 'web-c', timeout: { seconds: 42 } } }, [
      'template.timeout',
      'template.revision',
    ]);
    const [revision] = await run.revisions.getRevision({ name: `${fullName('web')}/revisions/web-c` });
    expect(revision.timeout).toMatchObject({ seconds: '42' });
    expect(revision.containers?.[0]?.args).toEqual(['/app/server.mjs', 'b']);
  });

  test.each<{ name: string; service: IService; paths: string[]; code: number; message: RegExp }>([
    {
      name: 'an unknown field in the mask',
      service: {},
      paths: ['colour'],
      code: 3,
      message: /colour/,
    },
    {
      name: 'the name of another content',
      service: { template: { revision: 'web-a', containers: [{ image, args: ['z'] }] } },
      paths: ['template'],
      code: 6,
      message: /Revision named 'web-a' with different configuration already exists\./,
    },
    {
      name: 'a template without its new name',
      service: { template: { timeout: { seconds: 7 } } },
      paths: ['template.timeout'],
      code: 6,
      message: /Revision named 'web-c' with different configuration already exists\./,
    },
    {
      name: 'a name of another service',
      service: { template: { revision: 'api-a', containers: [{ image }] } },
      paths: ['template'],
      code: 3,
      message: /must be prefixed by the name of the enclosing Configuration or Service/,
    },
  ])('is refused: $name', async ({ service, paths, code, message }) => {
    await expect(update(service, paths)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('the same name with the same content is no new revision', async () => {
    const { latestCreatedRevision, template } = await run.get('web');
    const after = await update({ template: template ?? {}, labels: { a: 'b' } }, ['template', 'labels']);
    expect(after).toMatchObject({ latestCreatedRevision, labels: { a: 'b' } });
  });

  test('a service that is sent back whole with its revision named is refused, though only traffic differs', async () => {
    const service = await run.get('web');
    await expect(update({ ...service, etag: '', traffic: [{ ...a, percent: 100 }] })).rejects.toMatchObject({
      code: 6,
    });
    await expect(
      update({ name: service.name ?? '', etag: service.etag ?? '', traffic: [{ ...a, percent: 100 }] }, [
        'traffic',
      ]),
    ).resolves.toMatchObject({ trafficStatuses: [{ ...a, percent: 100 }] });
  });

  describe('etags', () => {
    test('a stale one is refused as ABORTED, and nothing changes', async () => {
      const { etag } = await run.get('web');
      await update({ etag: etag ?? '', description: 'with the etag' }, ['description']);
      await expect(
        update({ etag: etag ?? '', description: 'too late' }, ['description']),
      ).rejects.toMatchObject({
        code: 10,
      });
      expect((await run.get('web')).description).toBe('with the etag');
    });

    test('of two updates with one etag, one wins', async () => {
      const { etag } = await run.get('web');
      const results = await Promise.allSettled(
        ['one', 'two', 'three'].map((description) =>
          update({ etag: etag ?? '', description }, ['description']),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(2);
    });

    test('settling leaves the etag alone', async () => {
      const [operation] = await run.services.updateService({
        service: {
          name: fullName('web'),
          template: { revision: 'web-d', containers: [{ image, args: ['/app/server.mjs', 'd'] }] },
        },
        updateMask: { paths: ['template'] },
      });
      const { etag, reconciling } = await run.get('web');
      expect(reconciling).toBe(true);
      await operation.promise();
      expect(await run.get('web')).toMatchObject({ etag, reconciling: false });
    });

    test('HTTP answers 409 and says which is current', async () => {
      const response = await fetch(
        `${run.cloud.context.origin}/v2/${fullName('web')}?updateMask=description`,
        {
          method: 'PATCH',
          body: JSON.stringify({ etag: '"old"', description: 'x' }),
        },
      );
      expect(response.status).toBe(409);
      expect(await response.json()).toMatchObject({
        error: { status: 'ABORTED', message: expect.stringContaining(`"old"`) },
      });
    });
  });

  test.each<{ name: string; template: object; field: RegExp }>([
    {
      name: 'sidecars',
      template: { containers: [{ image }, { image }] },
      field: /template\.containers\[1\]/,
    },
    {
      name: 'a gRPC probe',
      template: { containers: [{ image, startupProbe: { grpc: {} } }] },
      field: /startup_probe\.grpc/,
    },
    {
      name: 'a readiness probe',
      template: { containers: [{ image, readinessProbe: { httpGet: {} } }] },
      field: /readinessProbe/,
    },
    {
      name: 'a probe of another port',
      template: { containers: [{ image, startupProbe: { tcpSocket: { port: 99 } } }] },
      field: /port 99/,
    },
    {
      name: 'an over-long startup probe',
      template: {
        containers: [{ image, startupProbe: { tcpSocket: {}, periodSeconds: 100, failureThreshold: 3 } }],
      },
      field: /240/,
    },
    {
      name: 'a secret volume',
      template: { containers: [{ image }], volumes: [{ name: 'v', secret: { secret: 's' } }] },
      field: /volumes\[0\]\.secret/,
    },
    {
      name: 'PORT set by hand',
      template: { containers: [{ image, env: [{ name: 'PORT', value: '1' }] }] },
      field: /reserved env names were provided: PORT/,
    },
    {
      name: 'HTTP/2',
      template: { containers: [{ image, ports: [{ name: 'h2c', containerPort: 8080 }] }] },
      field: /h2c/,
    },
    { name: 'no image', template: { containers: [{}] }, field: /image: is required/ },
    {
      name: 'a GPU',
      template: { containers: [{ image }], nodeSelector: { accelerator: 'nvidia-l4' } },
      field: /template\.nodeSelector/,
    },
    {
      name: 'an endless request',
      template: { containers: [{ image }], timeout: '3601s' },
      field: /template\.timeout/,
    },
    { name: 'an unknown field', template: { containers: [{ image, colour: 'red' }] }, field: /colour/ },
  ])('a template with $name is refused by the name of the field', async ({ template, field }) => {
    const response = await fetch(`${run.cloud.context.origin}/v2/${fullName('web')}?updateMask=template`, {
      method: 'PATCH',
      body: JSON.stringify({ template }),
    });
    const { error } = (await response.json()) as { error: { status: string; message: string } };
    expect(error).toMatchObject({ status: 'INVALID_ARGUMENT', message: expect.stringMatching(field) });
  });

  test('the latest address follows what the traffic says', async () => {
    const { uri } = await run.route('web', [{ ...b, percent: 100 }]);
    expect(await ask(uri)).toMatchObject({ revision: 'web-b', argv: ['b'] });
  });
});

describe('deletion', () => {
  let run: RunCloud;
  beforeAll(async () => {
    run = await runCloud();
  });
  afterAll(() => run.close());

  test('of a revision is refused while anything leads to it', async () => {
    await run.deploy('web', {}, { template: { revision: 'web-a' } });
    await run.deploy('web', { args: ['/app/server.mjs', 'b'] }, { template: { revision: 'web-b' } });
    const name = (revision: string): string => `${fullName('web')}/revisions/${revision}`;
    await run.route('web', [
      { type: byRevision, revision: 'web-b', percent: 100 },
      { type: byRevision, revision: 'web-a', tag: 'old' },
    ]);
    await expect(run.revisions.deleteRevision({ name: name('web-a') })).rejects.toMatchObject({ code: 9 });
    await expect(run.revisions.deleteRevision({ name: name('web-b') })).rejects.toMatchObject({ code: 9 });
    await run.route('web', [{ type: byRevision, revision: 'web-b', percent: 100 }]);
    const [operation] = await run.revisions.deleteRevision({ name: name('web-a') });
    await operation.promise();
    await expect(run.revisions.getRevision({ name: name('web-a') })).rejects.toMatchObject({ code: 5 });
  });

  test('of a service ends its processes, closes its address, and says Ready=True', async () => {
    const { uri } = await run.deploy('gone');
    const { pid } = await ask(uri);
    const policy = { bindings: [{ role: 'roles/run.invoker', members: ['allUsers'] }] };
    await run.services.setIamPolicy({ resource: fullName('gone'), policy });
    const [operation] = await run.services.deleteService({ name: fullName('gone') });
    await operation.promise();
    expect(() => process.kill(pid, 0)).toThrow();
    await expect(fetch(uri ?? '')).rejects.toThrow();
    await expect(run.get('gone')).rejects.toMatchObject({ code: 5 });
    expect(run.logOf('cloudaudit.googleapis.com/system_event').at(-1)).toMatchObject({
      severity: 'INFO',
      protoPayload: {
        status: {
          message:
            'Ready condition status changed to True for Service gone with message: Deletion in progress.',
        },
        response: { kind: 'Service', metadata: { deletionTimestamp: expect.any(String) } },
      },
    });
    // A later service of that name starts from nothing.
    const again = await run.deploy('gone', {}, { invokerIamDisabled: false });
    expect(again.generation).toBe('1');
    expect((await fetch(again.uri ?? '')).status).toBe(403);
  });
});
