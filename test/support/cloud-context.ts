import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer } from 'node:http';
import { systemClock, type Clock } from '../../local/core/clock.ts';
import type { CloudContext } from '../../local/core/context.ts';
import { createContext } from '../../local/core/create-context.ts';
import type { Room } from '../../local/core/room.ts';
import { createApiServer } from '../../local/core/server.ts';

export interface TestCloud {
  readonly context: CloudContext;
  readonly stateFolder: string;
  /** What the rooms logged, for assertions. */
  readonly logged: string[];
  /** Serves the rooms at `context.origin` and starts them. */
  serve(rooms: readonly Room[]): Promise<void>;
  /** Ends rooms, server and processes; removes the state unless `keepState`. */
  close(options?: { keepState?: boolean }): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A local cloud for the tests of single rooms: temporary state, a free port, only the rooms under test. */
export async function testCloud(
  options: { clock?: Clock; stateFolder?: string; givenTools?: string } = {},
): Promise<TestCloud> {
  const stateFolder = options.stateFolder ?? mkdtempSync(path.join(tmpdir(), 'slipway-test-'));
  const clock = options.clock ?? systemClock;
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const logged: string[] = [];
  const context = createContext({
    projectId: 'test-project',
    projectNumber: '123456789012',
    region: 'europe-west1',
    clock,
    origin,
    stateFolder,
    // Below the range from which systems take ports by themselves.
    firstPort: 20_000 + Math.floor(Math.random() * 12_000),
    givenTools: options.givenTools,
    log: (level, message) => {
      logged.push(`${level}: ${message}`);
    },
  });
  let rooms: readonly Room[] = [];
  let server: ReturnType<typeof createApiServer> | undefined;
  return {
    context,
    stateFolder,
    logged,
    async serve(served) {
      rooms = served;
      const listening = createApiServer(
        [...served.flatMap((room) => room.routes), ...context.operations.routes],
        context.log,
      );
      server = listening;
      await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve));
      for (const room of served) await room.start?.();
    },
    async close({ keepState = false } = {}) {
      for (const room of [...rooms].reverse()) await room.stop?.();
      await context.processes.stop();
      server?.closeAllConnections();
      const listening = server;
      if (listening) await new Promise((resolve) => listening.close(resolve));
      if (!keepState) rmSync(stateFolder, { recursive: true, force: true });
    },
  };
}
