import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { describeError } from '../../src/describe-error.ts';
import { createOtlpExporter } from '../../src/otlp-exporter.ts';

/** A server that breaks the first connections and then answers 200; how often it was asked. */
async function breaking(t: TestContext, times: number) {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    if (asked <= times) request.socket.destroy();
    else response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { host, server, asked: () => asked };
}

function exporterTo(host: string, timeoutMs: number) {
  const stopping = new AbortController();
  const failures: string[] = [];
  const exporter = createOtlpExporter<string>({
    target: {
      url: `http://${host}/v1/traces`,
      headers: {},
      protocol: 'http/json',
      gzip: false,
      timeoutMs,
      google: false,
    },
    serializer: { serializeRequest: (text) => Buffer.from(text), deserializeResponse: () => ({}) },
    authorize: async () => ({}),
    stopping: stopping.signal,
    stopped: new AbortController().signal,
    onFailure: (error) => failures.push(describeError(error)),
  });
  const exported = new Promise<number>((resolve) => exporter.export('{}', (result) => resolve(result.code)));
  return { exported, failures, stopping };
}

describe('createOtlpExporter', () => {
  for (const times of [1, 2])
    test(`a connection that breaks is tried again (${times})`, async (t) => {
      const { host, asked } = await breaking(t, times);
      const { exported, failures } = exporterTo(host, 30_000);
      assert.equal(await exported, 0);
      assert.deepEqual([asked(), failures], [times + 1, []]);
    });

  test('within the time limit, and what broke it is told', async (t) => {
    const { host, asked } = await breaking(t, Infinity);
    const { exported, failures } = exporterTo(host, 200);
    assert.equal(await exported, 1);
    assert.equal(failures.length, 1);
    assert.match(failures[0] ?? '', new RegExp(`^${host} could not be reached: fetch failed: .+`));
    assert.equal(asked(), 2);
  });

  test('the end does not wait for one that is not there', async (t) => {
    const { host, server } = await breaking(t, 0);
    server.close();
    await once(server, 'close');
    // Longer than a test may take.
    const { exported, failures, stopping } = exporterTo(host, 3_600_000);
    stopping.abort();
    assert.equal(await exported, 1);
    assert.match(failures.join(), /^[\d.:]+ could not be reached: fetch failed: .*ECONNREFUSED/);
  });
});
