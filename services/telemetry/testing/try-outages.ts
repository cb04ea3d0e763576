import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { outages } from './outages.ts';

/** A service as a process of its own. */
export interface RunningService {
  readonly url: string;
  readonly logs: readonly { readonly severity: string; readonly message: string }[];
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly exited: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly stderr: string;
  }>;
}

export interface TriedService {
  /** The folder that it was built into. */
  readonly dist: string;
  /** Starts it from a folder, and waits until it listens. */
  readonly start: (dist: string, env: Readonly<Record<string, string>>) => Promise<RunningService>;
  /** Uses it as its clients do, and throws when it does not serve them. */
  readonly use: (service: RunningService) => Promise<void>;
}

/** How much later than usual a service may be ready or gone: the machine has other things to do, too. */
const graceMs = 4000;
/** What a service gives its last report: server.ts. */
const lastReportMs = 2000;

/**
 * Starts a service in each outage, and shows that it gets ready as fast as without, is healthy, serves, leaves in its
 * time, and says what is wrong once.
 */
export async function tryOutages(t: TestContext, tried: TriedService): Promise<void> {
  const usual = await live(t, tried, tried.dist, {});
  for (const [index, open] of outages.entries()) {
    const outage = await open();
    const dist = `${tried.dist}-${index}`;
    await t.test(outage.name, async (each) => {
      await cp(tried.dist, dist, { recursive: true });
      await outage.damage(dist);
      const { readyMs, leavingMs, logs } = await live(each, tried, dist, outage.env, outage.settled);
      assert.ok(readyMs < usual.readyMs + graceMs, `ready after ${readyMs} ms, usually ${usual.readyMs} ms`);
      assert.ok(
        leavingMs < usual.leavingMs + lastReportMs + graceMs,
        `gone after ${leavingMs} ms, usually ${usual.leavingMs} ms`,
      );
      outage.check(logs.filter(({ severity }) => severity !== 'INFO').map(({ message }) => message));
    });
    await outage.close();
  }
}

async function live(
  t: TestContext,
  { start, use }: TriedService,
  dist: string,
  env: Readonly<Record<string, string>>,
  settled?: (logs: () => RunningService['logs']) => Promise<void>,
) {
  const startedAt = performance.now();
  const service = await start(dist, env);
  t.after(() => service.kill('SIGKILL'));
  const readyMs = performance.now() - startedAt;
  const health = await fetch(`${service.url}/health`);
  assert.equal(health.status, 200, await health.text());
  await use(service);
  await settled?.(() => service.logs);
  await use(service);
  const leftAt = performance.now();
  service.kill('SIGTERM');
  assert.deepEqual(await service.exited, { code: 0, signal: null, stderr: '' });
  return { readyMs, leavingMs: performance.now() - leftAt, logs: service.logs };
}
