import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, connect, type AddressInfo } from 'node:net';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleFunctions } from '../scripts/setup/bundle-functions.ts';
import { functionNames } from '../scripts/setup/functions.ts';

const root = path.resolve(import.meta.dirname, '..');
const framework = path.join(
  root,
  'node_modules',
  '@google-cloud',
  'functions-framework',
  'build',
  'src',
  'main.js',
);

export interface ColdStart {
  readonly name: string;
  readonly medianMs: number;
  readonly residentMb: number;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });

/** From the start of the process to its open port, and its memory then. */
async function startOnce(source: string, target: string): Promise<{ ms: number; mb: number }> {
  const port = await freePort();
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [framework, '--source', source, '--target', target, '--port', String(port)],
    {
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        SLIPWAY_PROJECT: 'p',
        SLIPWAY_REGION: 'r',
        SLIPWAY_BUCKET: 'b',
        SLIPWAY_REPOSITORY: 'o/r',
        GITHUB_TOKEN: 't',
      },
    },
  );
  try {
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`function ${target} ended with ${child.exitCode}`);
      await sleep(2);
    }
    const ms = performance.now() - started;
    const mb =
      Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)], { encoding: 'utf8' })) / 1024;
    return { ms, mb };
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Each function beside an empty one of the same framework, started in turns, so that the machine's mood hits all alike. */
export async function coldStarts(rounds: number): Promise<ColdStart[]> {
  const work = await mkdtemp(path.join(tmpdir(), 'slipway-bench-'));
  try {
    const [empty, ours] = [path.join(work, 'empty'), path.join(work, 'ours')];
    await Promise.all([mkdir(empty), mkdir(ours)]);
    await symlink(path.join(root, 'node_modules'), path.join(work, 'node_modules'));
    await writeFile(
      path.join(empty, 'index.js'),
      "require('@google-cloud/functions-framework').cloudEvent('empty', () => {});\n",
    );
    for (const [name, content] of Object.entries(await bundleFunctions(root))) {
      await mkdir(path.dirname(path.join(ours, name)), { recursive: true });
      await writeFile(path.join(ours, name), content);
    }
    const subjects = [
      { name: 'empty', source: empty },
      ...functionNames.map((name) => ({ name, source: ours })),
    ];
    const seen = new Map(subjects.map(({ name }) => [name, { ms: [] as number[], mb: [] as number[] }]));
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, source } of subjects) {
        const { ms, mb } = await startOnce(source, name);
        seen.get(name)?.ms.push(ms);
        seen.get(name)?.mb.push(mb);
      }
    }
    return [...seen].map(([name, { ms, mb }]) => ({ name, medianMs: median(ms), residentMb: median(mb) }));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
