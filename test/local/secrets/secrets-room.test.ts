import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { PassThroughClient } from 'google-auth-library';
import { crc32c } from '../../../local/core/crc32c.ts';
import type { SecretReader } from '../../../local/core/links.ts';
import { createSecretsRoom } from '../../../local/secrets/secrets-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

let cloud: TestCloud;
let client: SecretManagerServiceClient;
let reader: SecretReader;

async function open(stateFolder?: string): Promise<void> {
  cloud = await testCloud(stateFolder === undefined ? {} : { stateFolder });
  const { room, secrets } = createSecretsRoom(cloud.context);
  await cloud.serve([room]);
  reader = secrets;
  client = new SecretManagerServiceClient({
    fallback: true,
    protocol: 'http',
    apiEndpoint: '127.0.0.1',
    port: Number(new URL(cloud.context.origin).port),
    projectId: 'test-project',
    authClient: new PassThroughClient(),
  });
}

beforeEach(() => open());
afterEach(() => cloud.close());

const parent = 'projects/test-project';
const secret = `${parent}/secrets/github-token`;
const numbered = 'projects/123456789012/secrets/github-token';
const create = async (secretId = 'github-token'): Promise<void> => {
  await client.createSecret({
    parent,
    secretId,
    secret: { replication: { automatic: {} }, labels: { team: 'a' } },
  });
};
const add = async (text: string, name = secret): Promise<string> => {
  const [version] = await client.addSecretVersion({ parent: name, payload: { data: Buffer.from(text) } });
  return version.name ?? '';
};
const access = async (version: string, name = secret): Promise<string> => {
  const [{ payload }] = await client.accessSecretVersion({ name: `${name}/versions/${version}` });
  return Buffer.from(payload?.data ?? '').toString('utf8');
};

describe('secrets', () => {
  test('are created, read, listed, changed and deleted; names carry the project number', async () => {
    await create();
    await expect(create()).rejects.toMatchObject({ code: 6 });
    const [read] = await client.getSecret({ name: secret });
    expect(read).toMatchObject({ name: numbered, labels: { team: 'a' }, replication: { automatic: {} } });
    await create('another');
    const [all] = await client.listSecrets({ parent });
    expect(all.map(({ name }) => name?.split('/').at(-1))).toEqual(['another', 'github-token']);
    const [changed] = await client.updateSecret({
      secret: { name: secret, labels: { team: 'b' }, etag: read.etag ?? '' },
      updateMask: { paths: ['labels'] },
    });
    expect(changed.labels).toEqual({ team: 'b' });
    await expect(client.deleteSecret({ name: secret, etag: read.etag ?? '' })).rejects.toMatchObject({
      code: 9,
    });
    await client.deleteSecret({ name: secret, etag: changed.etag ?? '' });
    await expect(client.getSecret({ name: secret })).rejects.toMatchObject({ code: 5 });
  });

  test('that are regional stand apart from global ones of the same name', async () => {
    const regional = `${parent}/locations/europe-west1`;
    await create();
    await client.createSecret({ parent: regional, secretId: 'github-token', secret: {} });
    await add('global');
    await add('regional', `${regional}/secrets/github-token`);
    expect(await access('latest')).toBe('global');
    expect(await access('latest', `${regional}/secrets/github-token`)).toBe('regional');
    expect((await client.listSecrets({ parent }))[0]).toHaveLength(1);
  });

  test.each([
    [{ parent, secretId: 'a b', secret: { replication: { automatic: {} } } }, 3],
    [{ parent, secretId: 'ab', secret: {} }, 3],
    [{ parent, secretId: 'ab', secret: { replication: { automatic: {} }, ttl: { seconds: 60 } } }, 12],
    [{ parent, secretId: 'ab', secret: { replication: { automatic: {} }, topics: [{ name: 't' }] } }, 12],
  ])('%j is refused with code %d', async (request, code) => {
    await expect(client.createSecret(request)).rejects.toMatchObject({ code });
  });
});

describe('versions', () => {
  beforeEach(() => create());

  test('count upwards; latest is the newest', async () => {
    expect(await add('one')).toBe(`${numbered}/versions/1`);
    expect(await add('two')).toBe(`${numbered}/versions/2`);
    expect([await access('1'), await access('2'), await access('latest')]).toEqual(['one', 'two', 'two']);
    expect(await access('latest', numbered)).toBe('two');
    expect(reader.access(`${secret}/versions/latest`).toString('utf8')).toBe('two');
    const [listed] = await client.listSecretVersions({ parent: secret });
    expect(listed.map(({ name }) => name?.split('/').at(-1))).toEqual(['2', '1']);
  });

  test('come in pages, newest first', async () => {
    for (let number = 1; number <= 12; number += 1) await add(`v${number}`);
    const listed: string[] = [];
    for await (const { name } of client.listSecretVersionsAsync({ parent: secret, pageSize: 5 }))
      listed.push(name?.split('/').at(-1) ?? '');
    expect(listed).toEqual(['12', '11', '10', '9', '8', '7', '6', '5', '4', '3', '2', '1']);
  });

  test('carry a checksum, and one that is wrong is refused', async () => {
    const data = Buffer.from('123456789');
    await client.addSecretVersion({ parent: secret, payload: { data, dataCrc32c: crc32c(data) } });
    const [{ payload }] = await client.accessSecretVersion({ name: `${secret}/versions/latest` });
    expect(String(payload?.dataCrc32c)).toBe(String(0xe3069283));
    await expect(
      client.addSecretVersion({ parent: secret, payload: { data, dataCrc32c: 1 } }),
    ).rejects.toMatchObject({ code: 3 });
  });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['too large', Buffer.alloc(65_537)],
  ])('with a payload that is %s are refused', async (_name, data) => {
    await expect(client.addSecretVersion({ parent: secret, payload: { data } })).rejects.toMatchObject({
      code: 3,
    });
  });

  test('a payload that is no base64 is refused without being repeated', async () => {
    const url = `${cloud.context.origin}/v1/${secret}:addVersion`;
    const answer = await fetch(url, {
      method: 'POST',
      body: JSON.stringify({ payload: { data: 'hunter2!' } }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain('hunter2');
  });

  test('can be disabled, enabled and destroyed', async () => {
    const name = await add('one');
    await client.disableSecretVersion({ name });
    await expect(access('1')).rejects.toMatchObject({ code: 9 });
    expect(() => reader.access(name)).toThrow(expect.objectContaining({ code: 'FAILED_PRECONDITION' }));
    await client.enableSecretVersion({ name });
    expect(await access('1')).toBe('one');
    const [destroyed] = await client.destroySecretVersion({ name });
    expect(destroyed.state).toBe('DESTROYED');
    await expect(access('1')).rejects.toMatchObject({ code: 9 });
    await expect(client.enableSecretVersion({ name })).rejects.toMatchObject({ code: 9 });
    expect(readdirSync(path.join(cloud.stateFolder, 'secrets', 'payloads'))).toEqual([]);
    expect(await add('two')).toBe(`${numbered}/versions/2`);
  });

  test('can be reached by alias', async () => {
    await add('one');
    await add('two');
    await client.updateSecret({
      secret: { name: secret, versionAliases: { stable: 1 } },
      updateMask: { paths: ['version_aliases'] },
    });
    expect(await access('stable')).toBe('one');
    await expect(access('unknown')).rejects.toMatchObject({ code: 5 });
    await expect(
      client.updateSecret({
        secret: { name: secret, versionAliases: { gone: 9 } },
        updateMask: { paths: ['version_aliases'] },
      }),
    ).rejects.toMatchObject({ code: 5 });
  });
});

describe('on disk', () => {
  const files = (): string[] => {
    const folder = path.join(cloud.stateFolder, 'secrets');
    return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [path.join(entry.parentPath, entry.name)] : [],
    );
  };

  test('payloads are for their owner alone, in no other file and in no log', async () => {
    await create();
    await add('hunter2-hunter2');
    const folder = path.join(cloud.stateFolder, 'secrets', 'payloads');
    const [file = ''] = readdirSync(folder);
    expect((statSync(folder).mode & 0o777).toString(8)).toBe('700');
    expect((statSync(path.join(folder, file)).mode & 0o777).toString(8)).toBe('600');
    const encoded = Buffer.from('hunter2-hunter2').toString('base64');
    const holders = files().filter((name) =>
      [encoded, 'hunter2'].some((text) => readFileSync(name, 'utf8').includes(text)),
    );
    expect(holders).toEqual([path.join(folder, file)]);
    expect(cloud.logged.join()).not.toContain('hunter2');
  });

  test('secrets outlast a restart; what a killed run had not recorded is tidied away', async () => {
    await create();
    await add('kept');
    const folder = path.join(cloud.stateFolder, 'secrets', 'payloads');
    writeFileSync(path.join(folder, 'half-written.tmp'), 'x');
    await cloud.close({ keepState: true });
    await open(cloud.stateFolder);
    expect(await access('latest')).toBe('kept');
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test('versions of a secret whose deletion was cut short do not come back with its name', async () => {
    await create();
    await add('old');
    const [row = ''] = readdirSync(path.join(cloud.stateFolder, 'secrets', 'secrets'));
    rmSync(path.join(cloud.stateFolder, 'secrets', 'secrets', row));
    await cloud.close({ keepState: true });
    await open(cloud.stateFolder);
    expect(readdirSync(path.join(cloud.stateFolder, 'secrets', 'payloads'))).toEqual([]);
    await create();
    await expect(access('latest')).rejects.toMatchObject({ code: 5 });
  });
});
