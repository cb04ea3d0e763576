import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createProcesses, type Processes } from '../../../local/core/processes.ts';
import { until } from '../../support/until.ts';

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie has ended, whether or not its parent has asked for its end.
    return process.platform === 'linux' && readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
};

let folder = '';
let processes: Processes | undefined;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-processes-'));
});
afterEach(async () => {
  await processes?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const options = { args: ['30'], command: '/bin/sleep', cwd: '/', env: {} };

/** A process that starts another one through `createProcesses`, prints its pid, and is killed. */
async function killedStarter(): Promise<number> {
  const file = path.join(import.meta.dirname, '../../../local/core/processes.ts');
  const program = `
    import { createProcesses } from ${JSON.stringify(file)};
    const { pid } = createProcesses(${JSON.stringify(folder)}).spawn(${JSON.stringify(options)});
    console.log(pid);
    setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = (await once(starter.stdout, 'data')) as [Buffer];
  starter.kill('SIGKILL');
  await once(starter, 'exit');
  return Number(chunk.toString());
}

test('what was started ends with its starter, even when that is killed', async () => {
  const pid = await killedStarter();
  await until(() => isGone(pid), 'the process has ended');
});

test('a new run on the same folder is left alone by the end of the one before', async () => {
  const before = createProcesses(folder);
  await before.stop();
  processes = createProcesses(folder);
  const [own = ''] = readdirSync(folder).slice(-1);
  const managed = processes.spawn(options);
  // The reaper of the run before removes that run's folder last of all.
  await until(() => readdirSync(folder).length === 1, 'the reaper has done its work');
  expect(existsSync(path.join(folder, own, String(managed.pid)))).toBe(true);
  expect(isGone(managed.pid)).toBe(false);
});
