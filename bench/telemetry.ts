import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { percentile } from './percentile.ts';
import type { Bench } from './with-pipeline.ts';

/*
 * What telemetry costs the api: two processes of the same build beside one Postgres, one with telemetry off, one that
 * exports all it has to an OTLP receiver on this machine. They are asked in turns, so that the machine's mood hits both
 * alike.
 */

/** Until the code is compiled: a process that is not warm yet would be measured by its compiler. */
const warmUpRequests = 8000;
const roundMs = 2000;
const rounds = 10;
const connections = 8;

export const telemetryNotes = [
  `The api, built, over a Postgres of its own: one process without telemetry, one that exports every trace and all metrics by OTLP (protobuf) to a receiver on this machine. ${connections} connections each, in turns of ${roundMs / 1000} s, ${rounds} turns each; requests/s and latencies are medians of the turns. Who asks, the api, Postgres and the receiver share the machine: what telemetry costs is in the CPU time per request, which is that of the api's process alone.`,
];

interface Turn {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMs: number;
}

interface Subject {
  readonly name: 'off' | 'on';
  readonly child: ChildProcess;
  readonly port: number;
  readonly readyMs: number;
}

const paths = [
  { path: '/', what: 'GET / (no database)' },
  { path: '/messages?limit=1', what: 'GET /messages (one query)' },
] as const;

export async function benchTelemetry(root: string, { rows, rounds: of, interrupted }: Bench): Promise<void> {
  const api = path.join(root, 'services', 'api');
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-bench-telemetry-'));
  const children: ChildProcess[] = [];
  let postgres: ChildProcess | undefined;
  let exported = 0;
  const receiver = createServer((incoming, response) => {
    exported += 1;
    incoming.resume().once('end', () => response.end());
  });
  try {
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    await build(api, folder);
    postgres = start(api, ['test/support/postgres-guard.ts'], {});
    const { host, port, user, password } = JSON.parse(await lineOf(postgres, /^\{.*/)) as Record<
      string,
      unknown
    >;
    const database = { HOST: host, PORT: port, USER: user, PASSWORD: password, NAME: 'postgres' };
    const env = Object.fromEntries(
      Object.entries(database).map(([name, value]) => [`DATABASE_${name}`, String(value)]),
    );
    const otlp = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    const begin = async (name: Subject['name'], more: Record<string, string>): Promise<Subject> => {
      const startedAt = performance.now();
      const child = start(folder, ['server.js'], { ...env, ...more, PORT: '0', HOST: '127.0.0.1' });
      children.push(child);
      const listening = await lineOf(child, /listening on port (\d+)/);
      return { name, child, port: Number(listening), readyMs: performance.now() - startedAt };
    };
    const on = { OTEL_EXPORTER_OTLP_ENDPOINT: otlp, OTEL_METRIC_EXPORT_INTERVAL: '5000' };
    const ready = { off: [] as number[], on: [] as number[] };
    for (let turn = 0; turn < of(rounds); turn += 1)
      for (const [name, more] of [
        ['off', {}],
        ['on', on],
      ] as const) {
        const { child, readyMs } = await begin(name, more);
        ready[name].push(readyMs);
        await end(child);
      }
    const [before, after] = [median(ready.off), median(ready.on)];
    rows.record(
      'start of the process → listening',
      `${before.toFixed(0)} ms off, ${after.toFixed(0)} ms on`,
      `${ratio(after, before)}; its SDK is loaded behind that`,
    );

    const subjects = [await begin('off', {}), await begin('on', on)];
    for (const { path: asked, what } of paths) {
      for (const { port: at } of subjects) await load(at, asked, (count) => count < warmUpRequests);
      const turns = { off: [] as Turn[], on: [] as Turn[] };
      for (let turn = 0; turn < of(rounds); turn += 1)
        for (const subject of turn % 2 === 0 ? subjects : subjects.toReversed()) {
          interrupted.throwIfAborted();
          turns[subject.name].push(await measure(subject, asked));
        }
      const figure = (of: keyof Turn, name: Subject['name']): number =>
        median(turns[name].map((turn) => turn[of]));
      for (const [key, name, unit, digits] of [
        ['perSecond', 'requests/s', '', 0],
        ['p50Ms', 'p50', ' ms', 2],
        ['p99Ms', 'p99', ' ms', 2],
        ['cpuMs', 'CPU time of the api per request', ' ms', 3],
      ] as const) {
        const [off, withIt] = [figure(key, 'off'), figure(key, 'on')];
        rows.record(
          `${what}: ${name}`,
          `${off.toFixed(digits)}${unit} off, ${withIt.toFixed(digits)}${unit} on`,
          ratio(withIt, off),
        );
      }
    }
    if (exported === 0) throw new Error('nothing was exported: the api that has telemetry on had it off');
    rows.record('exports that the receiver took', String(exported), 'of the process that has it on');
  } finally {
    for (const child of children) await end(child);
    // Its guard stops it at the end of the input. A signal would end the guard alone.
    if (postgres) await end(postgres, ({ stdin }) => stdin?.end());
    receiver.closeAllConnections();
    receiver.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const median = (values: readonly number[]): number => percentile(values, 0.5);
const ratio = (value: number, base: number): string => `${(value / base).toFixed(2)}×`;

function start(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env.PATH, TMPDIR: tmpdir(), NODE_ENV: 'production', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

async function build(api: string, folder: string): Promise<void> {
  const script = 'const [, build, out] = process.argv; await (await import(build)).build(out);';
  const built = start(api, ['--input-type=module', '-e', script, path.join(api, 'build.ts'), folder], {});
  const [exitCode] = (await once(built, 'exit')) as [number | null];
  if (exitCode !== 0) throw new Error(`services/api could not be built: exit ${exitCode ?? 'by a signal'}`);
}

/** What the first line that matches says; the rest is read and thrown away. */
async function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  if (!child.stdout) throw new Error('the process has no output to read');
  const lines = createInterface(child.stdout);
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const found = pattern.exec(line);
      if (found) resolve(found[1] ?? found[0]);
    });
    child.once('exit', (code) => {
      reject(new Error(`a process of the bench ended with ${code ?? 'a signal'}`));
    });
  });
}

/** Asks it to end, as its platform would if not told otherwise, and waits until it has. */
async function end(
  child: ChildProcess,
  ask: (child: ChildProcess) => void = () => child.kill('SIGTERM'),
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  ask(child);
  await exited;
}

async function measure({ child, port }: Subject, asked: string): Promise<Turn> {
  const before = cpuMs(child);
  const began = performance.now();
  const latencies = await load(port, asked, () => performance.now() - began < roundMs);
  const elapsed = performance.now() - began;
  return {
    perSecond: (latencies.length / elapsed) * 1000,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    cpuMs: (cpuMs(child) - before) / latencies.length,
  };
}

/** Of the process so far, in ticks of ten milliseconds: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function cpuMs({ pid }: ChildProcess): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

/** Asks over kept connections, one request after the other on each; the latencies in milliseconds. */
async function load(port: number, asked: string, more: (count: number) => boolean): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      request({ host: '127.0.0.1', port, path: asked, agent }, (response) => {
        response.resume().once('end', () => {
          if (response.statusCode !== 200) {
            reject(new Error(`${asked} answered ${response.statusCode}`));
            return;
          }
          latencies.push(performance.now() - began);
          resolve();
        });
      })
        .once('error', reject)
        .end();
    });
  const worker = async (): Promise<void> => {
    while (more(latencies.length)) await ask();
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
  return latencies;
}
