import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { imageProcess } from '../../../local/core/image-process.ts';
import { createImagesRoom, type ImagesRoom } from '../../../local/images/images-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { docker } from './docker-process.ts';

const name = 'europe-west1-docker.pkg.dev/test-project/slipway/web';
const parent = 'projects/test-project/locations/europe-west1';

let cloud: TestCloud;
let images: ImagesRoom;
let folder: string;
const run = (...args: string[]) =>
  docker({ context: cloud.context, shimFolder: images.shimFolder }, folder, ...args);

/** A request as a Docker client sends it to the registry's host. */
function registry(
  method: string,
  url: string,
  host?: string,
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(new URL(url, cloud.context.origin), {
      method,
      headers: host === undefined ? {} : { host },
    });
    call.once('error', reject);
    call.once('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    call.end();
  });
}

async function api(
  method: string,
  url: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(new URL(url, cloud.context.origin), {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

beforeAll(async () => {
  cloud = await testCloud();
  images = createImagesRoom(cloud.context);
  await cloud.serve([images.room]);
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-docker-'));
  mkdirSync(path.join(folder, 'web'));
  writeFileSync(path.join(folder, 'web/server.js'), 'console.log(process.argv[2], process.env.GREETING)');
  writeFileSync(
    path.join(folder, 'web/Dockerfile'),
    'FROM gcr.io/distroless/nodejs24-debian12\nWORKDIR /app\nCOPY server.js .\nARG WHO=you\nENV GREETING=hello-$WHO\nCMD ["/app/server.js", "/app/x"]\n',
  );
});
afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('docker as a process', () => {
  test('builds, and what is built is not pushed', async () => {
    const built = await run('build', '-t', `${name}:1`, '--build-arg=WHO=me', '--iidfile', 'iid', 'web');
    expect(built).toMatchObject({ code: 0, stderr: '' });
    expect(built.stdout).toContain('[stage-0 3/3] COPY server.js .');
    expect(images.images.resolve(`${name}:1`)).toBeUndefined();
    const id = await run('inspect', '--format', '{{.Id}}', `${name}:1`);
    expect(id.stdout).toBe(`${readFileSync(path.join(folder, 'iid'), 'utf8')}\n`);
  });

  test('pushing into a repository that was not created fails with the next step', async () => {
    const pushed = await run('push', `${name}:1`);
    expect(pushed.code).toBe(1);
    expect(pushed.stderr).toContain('name unknown: Repository "slipway" not found');
    expect(pushed.stderr).toContain(
      'gcloud artifacts repositories create slipway --repository-format=docker --location=europe-west1 --project=test-project',
    );
    expect((await run('push', 'docker.io/library/x')).stderr).toContain('An image does not exist locally');
  });

  test('pushes; then tag and digest resolve to the image, which can be started', async () => {
    const created = await api('POST', `/v1/${parent}/repositories?repositoryId=slipway`, {
      format: 'DOCKER',
    });
    expect(created.body).toMatchObject({ done: true, response: { name: `${parent}/repositories/slipway` } });
    const pushed = await run('push', `${name}:1`);
    expect(pushed).toMatchObject({ code: 0, stderr: '' });
    const digest = /^1: digest: (sha256:[0-9a-f]{64}) size: (\d+)$/m.exec(pushed.stdout)?.[1] ?? '';
    const image = images.images.resolve(`${name}:1`);
    expect(image).toMatchObject({
      digest,
      reference: `${name}@${digest}`,
      config: { cmd: ['/app/server.js', '/app/x'] },
    });
    expect(images.images.resolve(`${name}@${digest}`)).toEqual(image);
    expect(images.images.resolve(`${name}:2`)).toBeUndefined();
    expect(images.images.list()).toEqual([{ reference: `${name}@${digest}`, tags: ['1'], digest }]);
    expect((await run('inspect', '--format={{index .RepoDigests 0}}', `${name}:1`)).stdout).toBe(
      `${name}@${digest}\n`,
    );

    if (!image) throw new Error('not resolved');
    const machineEnv = cloud.context.processEnvironment(folder);
    const process = cloud.context.processes.spawn(imageProcess(image, { machineEnv, exists: existsSync }));
    const output: Buffer[] = [];
    process.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(Buffer.concat(output).toString()).toBe(`${image.rootFolder}/app/x hello-me\n`);
  });

  test('a tag that moves leaves the image it pointed to', async () => {
    const before = images.images.resolve(`${name}:1`);
    const built = await run(
      'buildx',
      'build',
      '--push',
      '-t',
      `${name}:1`,
      '-t',
      `${name}:latest`,
      '--build-arg=WHO=all',
      'web',
    );
    expect(built.code).toBe(0);
    const after = images.images.resolve(name);
    expect(after?.digest).not.toBe(before?.digest);
    expect(images.images.resolve(`${name}:1`)?.digest).toBe(after?.digest);
    expect(images.images.list().map(({ tags }) => tags)).toEqual([[], ['1', 'latest']]);
    expect(after?.rootFolder).toBe(before?.rootFolder);
  });

  test('tag, push --all-tags, pull, images, login, version', async () => {
    await run('tag', `${name}:latest`, `${name}:stable`);
    const pushed = await run('push', '--all-tags', name);
    expect(pushed.stdout.match(/^[\w.]+: digest: /gm)?.sort()).toEqual([
      '1: digest: ',
      'latest: digest: ',
      'stable: digest: ',
    ]);
    expect((await run('pull', `${name}:stable`)).stdout).toContain('Digest: sha256:');
    expect((await run('pull', 'node:24-slim')).stdout).toContain('nothing to fetch');
    expect((await run('images')).stdout).toMatch(/^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE\n/);
    expect((await run('login', '-u', 'x')).stdout).toContain('asks for no credentials');
    expect((await run('--version')).stdout).toContain('no container engine');
  });

  test.each([
    ['an unknown command', ['run', 'x'], 125, 'docker run x is not supported'],
    ['an unknown flag', ['build', '--network=host', '.'], 125, 'docker build --network is not supported'],
    ['a failing build', ['build', '.'], 1, 'Dockerfile was not found'],
    ['pull of what is not there', ['pull', `${name}:none`], 1, 'was not pushed to the local registry'],
    ['inspect of what is not there', ['inspect', 'nothing'], 1, 'No such image: nothing'],
  ])('%s ends with its code', async (_name, args, code, message) => {
    const result = await run(...args);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
  });

  test('two processes that build the same at once run it once and give one image', async () => {
    mkdirSync(path.join(folder, 'same'));
    const ran = path.join(folder, 'ran');
    writeFileSync(
      path.join(folder, 'same/Dockerfile'),
      'FROM node:24\nARG RAN\nWORKDIR /app\nRUN echo x >> "$RAN" && node -p 1 > y\n',
    );
    const args = ['build', '--quiet', '--build-arg', `RAN=${ran}`, 'same'];
    const [a, b] = await Promise.all([run(...args), run(...args)]);
    expect(a).toMatchObject({ code: 0, stderr: '' });
    expect(b).toEqual(a);
    expect(readFileSync(ran, 'utf8')).toBe('x\n');
  });

  test('an interrupted build ends, with what it has started', async () => {
    mkdirSync(path.join(folder, 'slow'));
    writeFileSync(
      path.join(folder, 'slow/Dockerfile'),
      'FROM node:24\nWORKDIR /app\nRUN echo started; exec sleep 60\n',
    );
    const env = cloud.context.processEnvironment(folder);
    const child = cloud.context.processes.spawn({
      command: path.join(images.shimFolder, 'docker'),
      args: ['build', 'slow'],
      cwd: folder,
      env,
    });
    let output = '';
    const started = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (/^ {2}started$/m.test(output)) resolve();
      });
    });
    await started;
    await child.stop(10_000);
    expect((await child.exited).code).toBe(143);
    expect(readdirSync(path.join(cloud.stateFolder, 'images/store/work'))).toEqual([]);
  });
});

describe('the registry', () => {
  const path1 = '/v2/test-project/slipway/web';
  const host = 'europe-west1-docker.pkg.dev';

  test('answers that it is one', async () => {
    expect(await registry('GET', '/v2/')).toMatchObject({ status: 200, body: '{}' });
  });

  test('HEAD and GET of a manifest by tag and by digest', async () => {
    const head = await registry('HEAD', `${path1}/manifests/latest`, host);
    expect(head).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    });
    const digest = String(head.headers['docker-content-digest']);
    expect(digest).toBe(images.images.resolve(name)?.digest);
    const got = await registry('GET', `${path1}/manifests/${digest}`);
    expect(`sha256:${createHash('sha256').update(got.body).digest('hex')}`).toBe(digest);
    expect(Number(head.headers['content-length'])).toBe(got.body.length);
    const manifest = JSON.parse(got.body) as { config: { digest: string }; layers: { digest: string }[] };
    for (const { digest: each } of [manifest.config, ...manifest.layers]) {
      const blob = await registry('GET', `${path1}/blobs/${each}`);
      expect(`sha256:${createHash('sha256').update(blob.body).digest('hex')}`).toBe(each);
    }
  });

  test('lists tags', async () => {
    const { body } = await registry('GET', `${path1}/tags/list`, `${host}:443`);
    expect(JSON.parse(body)).toEqual({ name: 'test-project/slipway/web', tags: ['1', 'latest', 'stable'] });
  });

  test.each([
    ['an unknown tag', 'HEAD', `${path1}/manifests/none`, host, 404, ''],
    ['an unknown tag, told', 'GET', `${path1}/manifests/none`, host, 404, 'MANIFEST_UNKNOWN'],
    ['another region', 'GET', `${path1}/manifests/latest`, 'us-docker.pkg.dev', 404, 'NAME_UNKNOWN'],
    ['an unknown repository', 'GET', '/v2/test-project/none/web/tags/list', host, 404, 'NAME_UNKNOWN'],
    ['a name that is none', 'GET', '/v2/web/manifests/latest', host, 404, 'NAME_UNKNOWN'],
    ['an unknown blob', 'GET', `${path1}/blobs/sha256:${'0'.repeat(64)}`, host, 404, 'BLOB_UNKNOWN'],
    ['a blob outside of the store', 'GET', `${path1}/blobs/sha256:..%2F..%2Fx`, host, 404, 'BLOB_UNKNOWN'],
    ['an upload', 'POST', `${path1}/blobs/uploads/`, host, 405, 'UNSUPPORTED'],
  ])('%s is refused', async (_name, method, url, via, status, code) => {
    const answer = await registry(method, url, via);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(code);
  });
});

describe('Artifact Registry', () => {
  test('get and list', async () => {
    const { body } = await api('GET', `/v1/${parent}/repositories/slipway`);
    expect(body).toMatchObject({
      format: 'DOCKER',
      registryUri: 'europe-west1-docker.pkg.dev/test-project/slipway',
    });
    expect((await api('GET', `/v1/${parent}/repositories`)).body).toEqual({ repositories: [body] });
    expect((await api('GET', `/v1/${parent}/repositories/none`)).status).toBe(404);
  });

  test.each([
    ['one that exists', 'slipway', { format: 'DOCKER' }, 409, 'ALREADY_EXISTS'],
    ['a bad id', 'Slipway', { format: 'DOCKER' }, 400, 'INVALID_ARGUMENT'],
    ['another format', 'x', { format: 'NPM' }, 501, 'UNIMPLEMENTED'],
    ['a remote one', 'x', { format: 'DOCKER', mode: 'REMOTE_REPOSITORY' }, 501, 'UNIMPLEMENTED'],
    ['bad labels', 'x', { format: 'DOCKER', labels: { a: 1 } }, 400, 'INVALID_ARGUMENT'],
  ])('creating %s is refused', async (_name, id, body, status, code) => {
    const answer = await api('POST', `/v1/${parent}/repositories?repositoryId=${id}`, body);
    expect(answer).toMatchObject({ status, body: { error: { status: code } } });
  });

  test('lists the images, page by page', async () => {
    const url = `/v1/${parent}/repositories/slipway/dockerImages`;
    const all = (await api('GET', url)).body.dockerImages as { name: string; uri: string; tags: string[] }[];
    expect(all.map(({ tags }) => tags)).toEqual([[], ['1', 'latest', 'stable']]);
    const one = await api('GET', `${url}?pageSize=1`);
    expect(one.body).toMatchObject({ dockerImages: [all[0]], nextPageToken: '1' });
    expect((await api('GET', `${url}?pageSize=1&pageToken=1`)).body).toEqual({ dockerImages: [all[1]] });
    expect((await api('GET', `/v1/${all[1]?.name ?? ''}`)).body).toEqual(all[1]);
  });

  test('what is not there says so', async () => {
    const answer = await api('DELETE', `/v1/${parent}/repositories/slipway`);
    expect(answer).toMatchObject({ status: 501, body: { error: { status: 'UNIMPLEMENTED' } } });
  });
});

test('after a new start on the same folder everything is still there', async () => {
  const { stateFolder } = cloud;
  const before = images.images.list();
  await cloud.close({ keepState: true });
  cloud = await testCloud({ stateFolder });
  images = createImagesRoom(cloud.context);
  await cloud.serve([images.room]);
  expect(images.images.list()).toEqual(before);
  expect(images.images.resolve(name)).toBeDefined();
  expect((await api('GET', `/v1/${parent}/repositories/slipway`)).status).toBe(200);
});
