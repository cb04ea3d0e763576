import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { startLoad } from '../../../scripts/demo/load.ts';
import { until } from '../../support/until.ts';

let stop: () => Promise<void> = async () => undefined;
afterEach(() => stop());

test('counts what did not answer well, and how', async () => {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    if (asked === 2) response.writeHead(503).end();
    else if (asked === 3) request.socket.destroy();
    else response.end('[]');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const load = startLoad(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, 5);
  await until(() => load.count().requests >= 6, 'six requests');
  const { requests, failed, reasons } = await load.stop();
  expect(requests).toBe(asked);
  expect(failed).toBe(2);
  expect(Object.fromEntries(reasons)).toEqual({ 503: 1, UND_ERR_SOCKET: 1 });
});
