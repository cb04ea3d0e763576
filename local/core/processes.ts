import { spawn, execFileSync, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';

export interface SpawnOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  /** `pipe` gives the process a standard input to write to; by default it has none. */
  readonly stdin?: 'ignore' | 'pipe';
  /** What asks the process to end, for those that read SIGTERM otherwise (Postgres waits for its clients then). */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT';
}

export interface Exit {
  /** The exit code, or 128 + signal number as a shell reports it. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

export interface ManagedProcess {
  readonly pid: number;
  /** Null unless asked for with `stdin: 'pipe'`. */
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the process has ended and its output is read; rejects only when it could not be started. */
  readonly exited: Promise<Exit>;
  /** The stop signal (SIGTERM) to the whole group, SIGKILL after `graceMs`; resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
}

/** Every process the local cloud starts: each leads a group of its own, and none outlives the local cloud. */
export interface Processes {
  spawn(options: SpawnOptions): ManagedProcess;
  /** Ends them all. */
  stop(): Promise<void>;
}

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the group is gone already, which is what was wanted. EPERM (macOS): only zombies are left.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** When the process started: with the pid it names one process for good, across pid reuse. Empty when it is gone. */
export function startedAt(pid: number): string {
  try {
    if (process.platform === 'linux') {
      // Field 22, counted behind the command's name, which may hold blanks. `man 5 proc_pid_stat`
      return (
        readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')[19] ?? ''
      );
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

/** What a file or folder holds; nothing when another process has removed it meanwhile. */
function ifThere<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return otherwise;
    throw error;
  }
}

/** Ends what earlier runs left in `folder` (they were killed before they could tidy up). */
function endLeftovers(folder: string): void {
  for (const run of readdirSync(folder)) {
    const runFolder = path.join(folder, run);
    for (const file of ifThere(() => readdirSync(runFolder), [])) {
      const pid = Number(file);
      const recorded = ifThere(() => readFileSync(path.join(runFolder, file), 'utf8'), '');
      if (Number.isInteger(pid) && pid > 1 && recorded !== '' && recorded === startedAt(pid))
        signalGroup(pid, 'SIGKILL');
    }
    rmSync(runFolder, { recursive: true, force: true });
  }
}

/**
 * A shell that waits for this process to end, however it ends, and then kills the groups that `folder` still lists.
 * It is how nothing is left behind even after SIGKILL: the pipe to its standard input closes with us.
 */
function startReaper(folder: string): ChildProcess {
  // `-s KILL --` is the one form that dash and bash both read with a negative number behind it.
  const script =
    'cat >/dev/null; for f in "$1"/*; do [ -e "$f" ] && kill -s KILL -- "-${f##*/}" 2>/dev/null; rm -f "$f"; done; rmdir "$1" 2>/dev/null';
  const reaper = spawn('/bin/sh', ['-c', script, 'slipway-reaper', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  reaper.unref();
  (reaper.stdin as Socket | null)?.unref();
  return reaper;
}

/**
 * `parent` gets a folder for this run, with one file a running group, named by its pid. A run has a folder of its own
 * because the reaper of the one before may still be at work: it must not find the processes of this one.
 */
export function createProcesses(parent: string): Processes {
  mkdirSync(parent, { recursive: true });
  endLeftovers(parent);
  const folder = mkdtempSync(path.join(parent, 'run-'));
  const reaper = startReaper(folder);
  const running = new Set<ManagedProcess>();
  return {
    spawn({ command, args, cwd, env, uid, gid, stdin = 'ignore', stopSignal = 'SIGTERM' }) {
      const child = spawn(command, args, {
        cwd,
        env: { ...env },
        detached: true,
        stdio: [stdin, 'pipe', 'pipe'],
        ...(uid === undefined ? {} : { uid }),
        ...(gid === undefined ? {} : { gid }),
      }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
      const pid = child.pid;
      const file = path.join(folder, String(pid));
      const exited = new Promise<Exit>((resolve, reject) => {
        child.once('error', (cause) => {
          running.delete(managed);
          reject(new Error(`${command} could not be started in ${cwd}: ${cause.message}`, { cause }));
        });
        child.once('exit', () => {
          // What the leader left behind in its group ends with it, and with that its pipes close.
          if (pid !== undefined) signalGroup(pid, 'SIGKILL');
        });
        child.once('close', (code, signal) => {
          running.delete(managed);
          rmSync(file, { force: true });
          resolve({ code: code ?? 128 + (signal === null ? 0 : (signalNumbers[signal] ?? 0)), signal });
        });
      });
      exited.catch(() => undefined);
      const managed: ManagedProcess = {
        pid: pid ?? -1,
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        exited,
        async stop(graceMs) {
          if (pid === undefined) return;
          if (running.has(managed)) signalGroup(pid, stopSignal);
          const timer = setTimeout(() => {
            signalGroup(pid, 'SIGKILL');
          }, graceMs);
          await exited.catch(() => undefined);
          clearTimeout(timer);
        },
      };
      if (pid !== undefined) {
        running.add(managed);
        writeFileSync(file, startedAt(pid));
      }
      return managed;
    },
    async stop() {
      await Promise.all([...running].map((managed) => managed.stop(5_000)));
      reaper.stdin?.end();
    },
  };
}
