import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPortFree } from '../../../local/core/ports.ts';
import { localSession, pipelineAt, type Session } from '../../../scripts/cli/session.ts';
import { openViewer, type Snapshot, type Viewer } from '../../../scripts/watch/snapshot.ts';
import { until } from './until.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');

export interface Slipway {
  readonly stateFolder: string;
  readonly session: Session & { readonly origin: string };
  readonly viewer: Viewer;
  /** What `npm start --json` has printed, parsed. */
  readonly events: Record<string, unknown>[];
  /** The releases of the first push, once they have ended. */
  readonly delivered: Promise<Record<string, unknown>[]>;
  /** Looks until `done` says so; fails with the last state after `timeoutSeconds`. */
  until(commit: string, done: (snapshot: Snapshot) => boolean, timeoutSeconds?: number): Promise<Snapshot>;
  /** Ctrl-C; the exit code. */
  stop(): Promise<number | null>;
  /** No chance to tidy up. */
  kill(): Promise<void>;
}

export interface SlipwayOptions {
  readonly repo: string;
  readonly stateFolder?: string;
  readonly args?: readonly string[];
}

export const newStateFolder = (): string => mkdtempSync(path.join(tmpdir(), 'slipway-e2e-'));

/** Runs `npm start` as a user does: a process of its own, on a free port. Resolves when the pipeline is set up. */
export async function startSlipway({
  repo,
  stateFolder = newStateFolder(),
  args = [],
}: SlipwayOptions): Promise<Slipway> {
  const child = spawn(
    process.execPath,
    [
      path.join(root, 'scripts', 'start.ts'),
      '--json',
      '--port',
      String(await basePort()),
      '--repo',
      repo,
      '--state',
      stateFolder,
      ...args,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const events: Record<string, unknown>[] = [];
  const delivered = new Promise<Record<string, unknown>[]>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line) as Record<string, unknown>;
      events.push(event);
      if ('releases' in event) resolve(event.releases as Record<string, unknown>[]);
    });
    void exited.then(([code]) => {
      reject(new Error(`npm start ended with ${code ?? 'a signal'}: ${errors}`));
    });
  });
  delivered.catch(() => undefined);

  const origin = await runningOrigin(stateFolder, child, () => errors);
  const session = { ...localSession(await pipelineAt(repo, 'HEAD', 'local'), origin), origin };
  const viewer = openViewer(session.pipeline, session.api, origin, session.githubToken);
  return {
    stateFolder,
    session,
    viewer,
    events,
    delivered,
    until: (commit, done, timeoutSeconds = 90) =>
      until(
        commit.slice(0, 7),
        () => viewer.snapshot(commit),
        (seen): seen is Snapshot => done(seen),
        timeoutSeconds,
      ),
    async stop() {
      child.kill('SIGINT');
      return (await exited)[0];
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/**
 * A port to count upwards from, with room for a cloud's addresses. Not one of those that the machine gives to outgoing
 * connections (from 32768 on Linux, 49152 on macOS): they come and go by the hundred, and each is in a service's way.
 */
async function basePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + 200 * randomInt(110);
    if (await isPortFree(port)) return port;
  }
}

async function runningOrigin(
  stateFolder: string,
  child: ChildProcess,
  errors: () => string,
): Promise<string> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}: ${errors()}`);
    try {
      const running = JSON.parse(readFileSync(path.join(stateFolder, 'running.json'), 'utf8')) as {
        origin: string;
        pid: number;
      };
      if (running.pid === child.pid) return running.origin;
    } catch {
      // Not written yet.
    }
    await sleep(20);
  }
}

export const forget = (stateFolder: string): void => {
  rmSync(stateFolder, { recursive: true, force: true });
};
