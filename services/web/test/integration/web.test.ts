import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, readFile, rename } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { build } from '../../build.ts';
import type { AssetEntry } from '../../src/server/assets.ts';
import { spawnService, startService, stopService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import type { TempFolder } from '../support/temp-folder.ts';

const addresses = { API_URL: 'http://127.0.0.1:9001', STREAMING_URL: 'http://127.0.0.1:9002' };
let folder: TempFolder;
let dist: string;
let entry: string;
let web: Service;
before(async () => {
  folder = await makeTempFolder();
  dist = join(folder.path, 'app');
  entry = join(dist, 'server.js');
  await build(dist);
  web = await startService({ ...addresses, K_REVISION: 'web-00007-abc', COMMIT_SHA: 'f'.repeat(40) }, entry);
});
after(async () => {
  if (web) await stopService(web);
  await folder?.remove();
});

/** A request whose path and headers go out as they are. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { hostname, port } = new URL(web.url);
  const sent = request({ hostname, port, path, headers, method, agent: false }).end();
  const [response]: IncomingMessage[] = (await once(sent, 'response')) as [IncomingMessage];
  assert.ok(response);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

const listed = async (): Promise<AssetEntry[]> =>
  JSON.parse(await readFile(join(dist, 'assets.json'), 'utf8'));

const health = async () => {
  const { status, body } = await get('/health');
  return { status, body: JSON.parse(body.toString()) as Record<string, unknown> };
};

describe('the built page', () => {
  test('is served, with the script and the style sheet that it asks for', async () => {
    const page = await get('/');
    assert.equal(page.status, 200);
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(page.headers['cache-control'], 'no-cache');
    assert.match(page.body.toString(), /<div id="board">/);
    const asked = [...page.body.toString().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
    assert.equal(asked.length, 3);
    const types = await Promise.all(
      asked.map(async (path) => {
        assert.match(path, /^\/assets\/[a-z]+-[A-Z0-9]{8}\.(js|css|svg)$/);
        const { status, headers, body } = await get(path);
        assert.equal(status, 200);
        assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
        assert.ok(body.length > 100);
        return headers['content-type'];
      }),
    );
    assert.deepEqual(types.toSorted(), [
      'image/svg+xml',
      'text/css; charset=utf-8',
      'text/javascript; charset=utf-8',
    ]);
  });

  test('is the page of this source: the script holds its words, its map names its files', async () => {
    const script = (await listed()).find(({ path }) => /main-.*\.js$/.test(path));
    assert.ok(script);
    const { body } = await get(script.path);
    assert.match(body.toString(), /Live updates are not available right now/);
    const map: { sources: string[] } = JSON.parse((await get(`${script.path}.map`)).body.toString());
    assert.ok(map.sources.some((source) => source.endsWith('src/client/live-board.ts')));
  });

  test('every file is served in each of its forms with the same content', async () => {
    for (const { path, encodings } of await listed()) {
      const plain = await get(path);
      assert.equal(plain.headers['content-encoding'], undefined);
      for (const encoding of encodings) {
        const { headers, body } = await get(path, { 'accept-encoding': encoding });
        assert.equal(headers['content-encoding'], encoding);
        assert.equal(headers['vary'], 'accept-encoding');
        assert.equal(headers['content-type'], plain.headers['content-type']);
        assert.ok(body.length < plain.body.length);
        assert.deepEqual(encoding === 'br' ? brotliDecompressSync(body) : gunzipSync(body), plain.body);
      }
    }
  });

  test('is not sent again to a browser that has it', async () => {
    const { headers } = await get('/', { 'accept-encoding': 'br' });
    const etag = String(headers.etag);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const again = await get('/', { 'accept-encoding': 'br', 'if-none-match': tag });
      assert.deepEqual([again.status, again.body.length], [304, 0]);
    }
    assert.equal((await get('/', { 'accept-encoding': 'gzip', 'if-none-match': etag })).status, 200);
  });

  test('HEAD answers as GET does, without a body', async () => {
    const { headers } = await get('/');
    const head = await get('/', {}, 'HEAD');
    assert.deepEqual(
      [head.status, head.headers['content-length'], head.body.length],
      [200, headers['content-length'], 0],
    );
  });
});

describe('every answer', () => {
  for (const [path, status] of [
    ['/', 200],
    ['/config.json', 200],
    ['/health', 200],
    ['/nowhere', 404],
  ] as const) {
    test(`${path}: ${status}, with the revision and the security headers`, async () => {
      const { status: found, headers } = await get(path);
      assert.equal(found, status);
      assert.equal(headers['x-revision'], 'web-00007-abc');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.match(
        String(headers['content-security-policy']),
        /connect-src 'self' http:\/\/127\.0\.0\.1:9001 http:\/\/127\.0\.0\.1:9002 ws:\/\/127\.0\.0\.1:9002;/,
      );
    });
  }

  for (const path of [
    '/../server.js',
    '/assets/../../server.js',
    '/assets/..%2f..%2fserver.js',
    '/%2e%2e/server.js',
    '//etc/passwd',
    '/assets/',
    '/assets.json',
    '/index.html.br',
    '/constructor',
    'http://elsewhere/server.js',
  ]) {
    test(`${path}: nothing there`, async () => {
      const { status, headers, body } = await get(path);
      assert.equal(status, 404);
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(body.toString(), 'There is nothing at this address.\n');
    });
  }

  test('POST: refused', async () => {
    const { status, headers } = await get('/', {}, 'POST');
    assert.deepEqual([status, headers.allow], [405, 'GET, HEAD']);
  });
});

describe('/config.json', () => {
  test('says where the services are', async () => {
    assert.deepEqual(JSON.parse((await get('/config.json?x=1')).body.toString()), {
      apiUrl: 'http://127.0.0.1:9001',
      streamingUrl: 'http://127.0.0.1:9002',
      commit: 'f'.repeat(40),
    });
  });
});

describe('/health', () => {
  test('is well while every built file can be read', async () => {
    const { status, body } = await health();
    assert.equal(status, 200);
    const { startedAt, ...rest } = body;
    const assets = (await listed()).length;
    assert.deepEqual(rest, { status: 'ok', assets, revision: 'web-00007-abc', commit: 'f'.repeat(40) });
    assert.ok(Math.abs(Date.now() - Date.parse(String(startedAt))) < 60_000);
  });

  test('names a file that is gone, and recovers when it is back', async () => {
    const asset = (await listed()).find(({ path }) => path.endsWith('.css'));
    assert.ok(asset);
    const file = join(dist, 'public', asset.file);
    await rename(file, `${file}.away`);
    const { status, body } = await health();
    assert.equal(status, 503);
    assert.equal(body['status'], 'unavailable');
    assert.equal(body['reason'], `cannot read public/${asset.file}`);
    assert.equal((await get(asset.path)).status, 500);
    await rename(`${file}.away`, file);
    assert.equal((await health()).status, 200);
  });

  test(
    'names a file that may not be read',
    { skip: process.getuid?.() === 0 && 'root may read every file' },
    async () => {
      const file = join(dist, 'public', 'index.html');
      await chmod(file, 0o000);
      assert.equal((await health()).body['reason'], 'cannot read public/index.html');
      await chmod(file, 0o644);
    },
  );
});

describe('the process', () => {
  for (const name of ['API_URL', 'STREAMING_URL']) {
    test(`without ${name}: exits with 1 and one line that names it`, async () => {
      const { code, stderr } = await spawnService({ ...addresses, [name]: '' }, entry).exited;
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^environment variable ${name} is not set: .+\n$`));
    });
  }

  test('without a built page: exits with 1 and says what to do', async () => {
    const { code, stderr } = await spawnService(addresses).exited;
    assert.equal(code, 1);
    assert.equal(stderr, 'the built page is missing: run npm run build, then start dist/server.js\n');
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal}: ends, idle connections or not`, async () => {
      const service = await startService(addresses, entry);
      const agent = new Agent({ keepAlive: true });
      const [response] = (await once(request(service.url, { agent }).end(), 'response')) as [IncomingMessage];
      response.resume();
      const silent = connect(Number(new URL(service.url).port), '127.0.0.1');
      await once(silent, 'connect');
      const started = performance.now();
      service.kill(signal);
      assert.deepEqual(await service.exited, { code: 0, signal: null, stderr: '' });
      assert.ok(performance.now() - started < 3000);
      agent.destroy();
      silent.destroy();
    });
  }
});
