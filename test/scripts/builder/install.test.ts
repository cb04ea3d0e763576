import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { openDependencyCache } from '../../../scripts/builder/dependency-cache.ts';
import { runBuilder } from '../../../scripts/builder/run-builder.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { surroundings } from './builder-surroundings.ts';

const bucket = 'test-project-slipway-cache';

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await testCloud();
  const { room } = createStorageRoom(cloud.context);
  await cloud.serve([room]);
});
afterAll(() => cloud.close());

/** A request to Cloud Storage, as JSON. */
const storage = async (pathname: string, method = 'GET', body?: string): Promise<unknown> => {
  const response = await fetch(`${cloud.context.origin}${pathname}`, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: { 'content-type': 'application/json' },
  });
  const text = await response.text();
  return text === '' ? undefined : (JSON.parse(text) as unknown);
};

const cached = async (): Promise<string[]> => {
  const listed = (await storage(`/storage/v1/b/${bucket}/o`)) as { items?: { name: string }[] };
  return (listed.items ?? []).map(({ name }) => name);
};

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-install-'));
  await storage('/storage/v1/b?project=test-project', 'POST', JSON.stringify({ name: bucket }));
  await writePackage();
});
afterEach(async () => {
  for (const name of await cached())
    await storage(`/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`, 'DELETE');
  await rm(folder, { recursive: true, force: true });
});

/** A package with one dependency, which lies beside it: `npm ci` needs no network. */
async function writePackage(version = '1.0.0'): Promise<void> {
  const write = async (name: string, content: object): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), JSON.stringify(content));
  };
  const own = { name: 'shop-api', version, dependencies: { tool: 'file:tool' } };
  await write('services/api/package.json', own);
  await write('services/api/tool/package.json', { name: 'tool', version: '1.0.0', main: 'tool.js' });
  await writeFile(path.join(folder, 'services/api/tool/tool.js'), 'export default 1;\n');
  await write('services/api/package-lock.json', {
    name: 'shop-api',
    version,
    lockfileVersion: 3,
    requires: true,
    packages: { '': own, 'node_modules/tool': { resolved: 'tool', link: true }, tool: { version: '1.0.0' } },
  });
}

async function install(
  cache = `gs://${bucket}`,
  endpoint = cloud.context.origin,
): Promise<{ exitCode: number; text: string }> {
  const around = surroundings(folder, endpoint);
  const exitCode = await runBuilder(['install', '--folder', 'services/api', '--cache', cache], around);
  return { exitCode, text: around.printed.join('\n') };
}

const installedTool = (): Promise<string> =>
  readFile(path.join(folder, 'services/api/node_modules/tool/tool.js'), 'utf8');
const removeInstalled = (): Promise<void> =>
  rm(path.join(folder, 'services/api/node_modules'), { recursive: true });
/** Only what belongs there: nothing half restored or half packed is left behind. */
const left = (): Promise<string[]> => readdir(path.join(folder, 'services/api'));

describe('install', () => {
  test('the first time npm installs; from then on the cache does', async () => {
    const first = await install();
    expect(first.text).toMatch(
      /cache miss \(.* s\): no build has had these packages yet\nnpm ci took .* s\ncache saved: .* MB in .* s/,
    );
    expect(first.exitCode).toBe(0);
    const [object] = await cached();
    expect(object).toMatch(
      new RegExp(`^npm/services-api-${process.platform}-${process.arch}-node24-[0-9a-f]{64}\\.tar\\.gz$`),
    );

    await removeInstalled();
    const second = await install();
    expect(second.text).toMatch(/^cache hit: .* MB in .* s; npm ci is not needed$/);
    expect(second.exitCode).toBe(0);
    expect(await installedTool()).toBe('export default 1;\n');
    expect(await left()).toEqual(['node_modules', 'package-lock.json', 'package.json', 'tool']);
  });

  test('a hit replaces what was there', async () => {
    await install();
    await writeFile(path.join(folder, 'services/api/node_modules/stale.txt'), 'old');
    expect((await install()).text).toContain('cache hit');
    await expect(access(path.join(folder, 'services/api/node_modules/stale.txt'))).rejects.toThrow('ENOENT');
  });

  test('other packages are another entry', async () => {
    await install();
    await writePackage('2.0.0');
    expect((await install()).text).toContain('cache miss');
    expect(await cached()).toHaveLength(2);
  });

  test.each([
    ['garbage', 'no archive at all'],
    ['nothing', ''],
  ])('an archive that holds %s is thrown away, and made anew', async (_what, content) => {
    await install();
    const [object = ''] = await cached();
    await storage(
      `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(object)}`,
      'POST',
      content,
    );
    await removeInstalled();

    const damaged = await install();
    expect(damaged.text).toMatch(
      /cache miss \(.* s\): the archive was damaged and has been thrown away: .+\nnpm ci took/,
    );
    expect(damaged.text).toContain('cache saved');
    expect(damaged.exitCode).toBe(0);
    expect(await installedTool()).toBe('export default 1;\n');
    expect((await install()).text).toContain('cache hit');
  });

  test('an archive that breaks off in the middle leaves nothing behind', async () => {
    await install();
    const [object = ''] = await cached();
    const media = await fetch(
      `${cloud.context.origin}/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}?alt=media`,
    );
    const whole = Buffer.from(await media.arrayBuffer());
    // A server that promises the whole and ends in the middle, as a connection that breaks does.
    const broken = createServer((request, response) => {
      if (request.method !== 'GET') {
        response.writeHead(204).end();
        return;
      }
      response.writeHead(200, { 'content-length': String(whole.length) });
      response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => response.destroy());
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const { port } = broken.address() as AddressInfo;
    try {
      const api = createGoogleApi(`http://127.0.0.1:${port}`, () => Promise.resolve());
      const cache = openDependencyCache(api, { bucket, prefix: '' }, 'key');
      expect((await cache.restore(path.join(folder, 'services/api'), 'other')).kind).toBe('corrupt');
      expect(await left()).toEqual(['node_modules', 'package-lock.json', 'package.json', 'tool']);
    } finally {
      broken.closeAllConnections();
      await new Promise((resolve) => broken.close(resolve));
    }
  });

  test('two builds that save the same: the second leaves the entry alone', async () => {
    await install();
    const cache = openDependencyCache(createGoogleApi(cloud.context.origin), { bucket, prefix: '' }, 'key');
    const api = path.join(folder, 'services/api');
    const saved = await Promise.all([cache.save(api, 'node_modules'), cache.save(api, 'node_modules')]);
    expect(saved.map(({ kind }) => kind).sort()).toEqual(['exists', 'saved']);
  });

  test.each([
    [
      'there is no such bucket',
      'gs://no-such-bucket',
      undefined,
      'cache not saved, the next build runs npm ci again: ',
    ],
    [
      'the storage cannot be reached',
      `gs://${bucket}`,
      'http://127.0.0.1:9',
      'cache miss (0.0 s): the cache cannot be read: ',
    ],
  ])('when %s, npm installs and the build goes on', async (_what, cache, endpoint, said) => {
    const { exitCode, text } = await install(cache, endpoint);
    expect(text).toContain(said);
    expect(exitCode).toBe(0);
    expect(await installedTool()).toBe('export default 1;\n');
  });

  test('when npm fails, so does the step, and nothing is saved', async () => {
    await writeFile(
      path.join(folder, 'services/api/package.json'),
      JSON.stringify({
        name: 'shop-api',
        version: '1.0.0',
        dependencies: { tool: 'file:tool', other: 'file:other' },
      }),
    );
    const { exitCode, text } = await install();
    expect(exitCode).toBe(1);
    expect(text).toContain('npm ci failed with exit 1 in services/api');
    expect(await cached()).toEqual([]);
  });

  test('a linked folder with a lock file of its own is installed first, and has an entry of its own', async () => {
    const write = (name: string, content: object): Promise<void> =>
      writeFile(path.join(folder, name), JSON.stringify(content));
    // ../shared, which has a dependency of its own beside it.
    const shared = { name: 'shared', version: '1.0.0', dependencies: { deep: 'file:deep' } };
    await mkdir(path.join(folder, 'services/shared/deep'), { recursive: true });
    await write('services/shared/package.json', shared);
    await write('services/shared/deep/package.json', { name: 'deep', version: '1.0.0' });
    await write('services/shared/package-lock.json', {
      name: 'shared',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': shared,
        deep: { version: '1.0.0' },
        'node_modules/deep': { resolved: 'deep', link: true },
      },
    });
    const own = { name: 'shop-api', version: '1.0.0', dependencies: { shared: 'file:../shared' } };
    await write('services/api/package.json', own);
    await write('services/api/package-lock.json', {
      name: 'shop-api',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': own,
        '../shared': shared,
        'node_modules/shared': { resolved: '../shared', link: true },
      },
    });
    const inShared = path.join(folder, 'services/shared/node_modules/deep/package.json');
    const throughLink = path.join(folder, 'services/api/node_modules/shared/node_modules/deep/package.json');

    const first = await install();
    expect(first.text).toMatch(/^services\/shared:\ncache miss [^]+\nservices\/api:\ncache miss /);
    expect(first.exitCode).toBe(0);
    expect((await cached()).map((name) => name.replace(/-[a-z0-9]+-[a-z0-9]+-node.*/, ''))).toEqual([
      'npm/services-api',
      'npm/services-shared',
    ]);
    for (const name of ['api', 'shared'])
      await rm(path.join(folder, 'services', name, 'node_modules'), { recursive: true });

    const second = await install();
    expect(second.text.match(/cache hit/g)).toHaveLength(2);
    await access(inShared);
    await access(throughLink);
  });

  test('a link out of the checkout is refused', async () => {
    const own = { name: 'shop-api', version: '1.0.0', dependencies: { far: 'file:../../../far' } };
    await writeFile(
      path.join(folder, 'services/api/package-lock.json'),
      JSON.stringify({
        lockfileVersion: 3,
        packages: { '': own, 'node_modules/far': { resolved: '../../../far', link: true } },
      }),
    );
    const { exitCode, text } = await install();
    expect(exitCode).toBe(1);
    expect(text).toContain('services/api links ../far, which is outside of the checkout');
  });

  test('without a lock file it says what to do', async () => {
    await rm(path.join(folder, 'services/api/package-lock.json'));
    expect(await install()).toEqual({
      exitCode: 1,
      text: 'builder install failed: services/api has no package-lock.json: run `npm install` there and commit it, or correct the folder',
    });
  });
});
