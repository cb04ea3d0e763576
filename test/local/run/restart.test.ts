import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../../support/until.ts';
import { ask, fullName, processIsGone, runCloud, type IService, type RunCloud } from './run-cloud.ts';
import { skippingClock, type SkippingClock } from './skipping-clock.ts';

describe('after the local cloud was killed', () => {
  let stateFolder = '';
  let startFile = '';
  let before: { web: IService; operations: string[] };
  let pidBefore = 0;
  let run: RunCloud;
  let clock: SkippingClock;

  beforeAll(async () => {
    stateFolder = mkdtempSync(path.join(tmpdir(), 'slipway-restart-'));
    startFile = path.join(stateFolder, 'start');
    const child = spawn(
      process.execPath,
      [path.join(import.meta.dirname, 'restart-process.ts'), stateFolder, startFile],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    before = JSON.parse(line) as typeof before;
    pidBefore = (await ask(before.web.uri)).pid;
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => processIsGone(pidBefore), 'the instances have ended with it');
    clock = skippingClock();
    run = await runCloud({ stateFolder, clock });
  }, 20_000);
  afterAll(async () => {
    await run.close();
    rmSync(stateFolder, { recursive: true, force: true });
  });

  test('services read back as they were', async () => {
    const after = await run.get('web');
    expect(JSON.parse(JSON.stringify(after))).toEqual(before.web);
  });

  test('the addresses are the same, and lead where they did', async () => {
    const answer = await ask(before.web.uri);
    expect(answer.revision).toBe('web-a');
    expect(answer.pid).not.toBe(pidBefore);
    const tagged = before.web.trafficStatuses?.find(({ tag }) => tag === 'next');
    expect(await ask(tagged?.uri)).toMatchObject({ revision: 'web-b' });
  });

  test('a revision that was starting is started again, and its operation ends', async () => {
    expect(before.operations).toHaveLength(2);
    expect((await run.get('slow-when-file')).reconciling).toBe(true);
    writeFileSync(startFile, '');
    await until(async () => (await run.get('slow-when-file')).reconciling === false, 'it is ready');
    expect((await run.get('slow-when-file')).terminalCondition?.state).toBe('CONDITION_SUCCEEDED');
    const done = before.operations.map((name) => run.cloud.context.operations.get(name));
    expect(done.map((operation) => operation.done === true).sort()).toEqual([false, true]);
  });

  test('one that does not come up fails, and its operation with it', async () => {
    await until(async () => {
      clock.skip(101_000);
      return (await run.get('slow-crash')).reconciling === false;
    }, 'it has failed');
    expect((await run.get('slow-crash')).terminalCondition?.state).toBe('CONDITION_FAILED');
    const done = before.operations.map((name) => run.cloud.context.operations.get(name));
    expect(done.map(({ error }) => error?.code)).toContain(9);
  });

  test('a deployment goes on from there', async () => {
    await run.deploy('web', { args: ['/app/server.mjs', 'c'] }, { template: { revision: 'web-c' } });
    const [revisions] = await run.revisions.listRevisions({ parent: fullName('web') });
    expect(revisions).toHaveLength(3);
  });
});

describe('while a revision is starting', () => {
  const hanging = {
    env: [{ name: 'MODE', value: 'never' }],
    startupProbe: { tcpSocket: {}, periodSeconds: 200, timeoutSeconds: 200, failureThreshold: 1 },
  };
  const starting = async (run: RunCloud): Promise<void> => {
    // It never settles: nobody waits for it.
    run.deploy('hangs', hanging, { template: { revision: 'hangs-a' } }).catch(() => undefined);
    await until(() => run.systemLines().length > 0, 'it starts');
  };

  test('the local cloud can be stopped, and goes on with it in the next run', async () => {
    const run = await runCloud();
    const { stateFolder } = run.cloud;
    await starting(run);
    await run.close({ keepState: true });
    expect(run.logOf('cloudaudit.googleapis.com/system_event')).toEqual([]);
    const next = await runCloud({ stateFolder });
    await until(() => next.systemLines().length > 0, 'it starts again');
    expect((await next.get('hangs')).reconciling).toBe(true);
    await next.close();
  });

  test('its service can be deleted', async () => {
    const run = await runCloud();
    await starting(run);
    const [operation] = await run.services.deleteService({ name: fullName('hangs') });
    await operation.promise();
    const said = run
      .logOf('cloudaudit.googleapis.com/system_event')
      .map(({ protoPayload }) => (protoPayload?.status as { message: string }).message);
    expect(said).toEqual([
      expect.stringMatching(/True for Service hangs with message: Deletion in progress/),
    ]);
    await run.close();
  });
});
