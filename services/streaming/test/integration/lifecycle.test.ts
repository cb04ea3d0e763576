import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from '../../build.ts';
import { startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { spawnService, startService, stopService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { connectClient } from '../support/stream-client.ts';
import { until } from '../support/until.ts';

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.close());

const isHealthy = async ({ url }: Service) => (await fetch(`${url}/health`)).ok;

describe('starting', () => {
  for (const name of ['DATABASE_HOST', 'DATABASE_NAME', 'DATABASE_USER', 'DATABASE_PASSWORD']) {
    test(`without ${name}: exits with 1 and one line that names it`, async () => {
      const complete = {
        DATABASE_HOST: '127.0.0.1',
        DATABASE_NAME: 'board',
        DATABASE_USER: 'board',
        DATABASE_PASSWORD: 'never shown',
      };
      const { code, stderr } = await spawnService({ ...complete, [name]: '' }).exited;
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^environment variable ${name} is not set: .+\n$`));
      assert.doesNotMatch(stderr, /never shown/);
    });
  }

  test('with a wrong password: unavailable, and the reason shows no password', async () => {
    const database = await postgres.createDatabase('wrong_password');
    const service = await startService({ ...database, DATABASE_PASSWORD: 'never shown' });
    await until(
      () => service.logs.some(({ message }) => message.startsWith('not listening on the database (28P01)')),
      Boolean,
    );
    const response = await fetch(`${service.url}/health`);
    assert.equal(response.status, 503);
    assert.equal(
      ((await response.json()) as { reason: string }).reason,
      'not listening on the database (28P01)',
    );
    assert.doesNotMatch(JSON.stringify(service.logs), /never shown/);
    assert.equal((await stopService(service)).code, 0);
  });

  test('the bundle runs alone, over the Unix socket of its database', async () => {
    // Away from this package's node_modules, and removed together with Postgres.
    const app = join(postgres.socketFolder, 'app');
    await build(app);
    assert.deepEqual((await readdir(app)).toSorted(), [
      'chunks',
      'package.json',
      'server.js',
      'server.js.map',
    ]);
    const database = await postgres.createDatabase('bundled');
    const service = await startService(
      { ...database, DATABASE_HOST: postgres.socketFolder },
      join(app, 'server.js'),
    );
    await until(() => isHealthy(service), Boolean);
    const client = await connectClient(service, '?after=0');
    await until(
      () => client.frames.at(-1),
      (frame) => frame?.type === 'ready',
    );
    assert.deepEqual(await stopService(service), { code: 0, signal: null, stderr: '' });
  });
});

describe('stopping', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal}: sends the clients elsewhere and ends`, async () => {
      const service = await startService(await postgres.createDatabase(`clients_${signal.toLowerCase()}`));
      await until(() => isHealthy(service), Boolean);
      const clients = await Promise.all(Array.from({ length: 5 }, () => connectClient(service)));
      const started = performance.now();
      service.kill(signal);
      for (const { closed } of clients)
        assert.deepEqual(await closed, { code: 1012, reason: 'service restart' });
      assert.deepEqual(await service.exited, { code: 0, signal: null, stderr: '' });
      assert.ok(performance.now() - started < 2000);
    });
  }

  test('a client that does not answer does not hold it up', async () => {
    const service = await startService(await postgres.createDatabase('silent'));
    await until(() => isHealthy(service), Boolean);
    const client = await connectClient(service);
    client.socket.pause();
    const started = performance.now();
    assert.deepEqual(await stopService(service), { code: 0, signal: null, stderr: '' });
    assert.ok(performance.now() - started < 5000);
    client.socket.terminate();
  });

  test('a database that stays away does not hold it up', async () => {
    const service = await startService({ ...(await postgres.createDatabase('away')), DATABASE_PORT: '1' });
    await until(() => service.logs.some(({ message }) => message.includes('ECONNREFUSED')), Boolean);
    const started = performance.now();
    assert.deepEqual(await stopService(service), { code: 0, signal: null, stderr: '' });
    assert.ok(performance.now() - started < 2000);
  });
});
