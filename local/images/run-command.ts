import { spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { translatePaths, type ImageView } from '../core/image-paths.ts';
import { findCommand, imagePath } from '../core/image-process.ts';
import type { Action } from './evaluate-stage.ts';
import { withFileLock } from './file-lock.ts';
import type { ImageDisk } from './image-disk.ts';
import { makeFolder, resolveInRoot } from './root-folder.ts';
import { placeRunPaths } from './run-paths.ts';

export type RunAction = Action & { kind: 'run' };

/** A command of RUN that ended with another code than 0. */
export class RunFailed extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.name = 'RunFailed';
    this.exitCode = exitCode;
  }
}

export interface RunSurroundings {
  /** The folder of the stage. */
  readonly root: string;
  /** For what a cache mount moves aside. */
  readonly work: string;
  readonly toolPaths: readonly string[];
  /** `processEnvironment(…)` without the addresses of the local cloud: a build reaches no cloud. */
  readonly machineEnv: Readonly<Record<string, string>>;
  readonly disk: ImageDisk;
  readonly signal: AbortSignal;
  readonly write: (line: string) => void;
}

/** Output that a process left behind in the background may still hold open when the command has ended. */
const outputGraceMs = 1_000;

const eachLine = (stream: Readable, write: (line: string) => void): void => {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', write);
};

interface Prepared {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The process for a RUN; throws UnplacedPath, or an error for a command that is not there. */
function prepare(action: RunAction, { root, toolPaths, machineEnv }: RunSurroundings): Prepared {
  if (!action.hasShell)
    throw new Error('the image has no shell to run it with, as in Docker: use a stage FROM node:24');
  const cwd = makeFolder(root, action.cwd);
  const mounts = [
    ...action.mounts.map(({ target }) => target),
    ...(action.cwd === '/' ? [] : [action.cwd]),
  ].map((inside) => ({
    inside: path.posix.normalize(inside).replace(/(.)\/$/, '$1'),
    outside: resolveInRoot(root, inside, { followLast: false }),
  }));
  const view: ImageView = { rootFolder: root, toolPaths, mounts, exists: existsSync };
  const words = action.words.map((word) => placeRunPaths(word, view));
  const home = resolveInRoot(root, action.home);
  const env: Record<string, string> = { ...machineEnv, HOME: existsSync(home) ? home : root };
  for (const [name, value] of Object.entries(action.env)) {
    if (name !== 'HOME') env[name] = translatePaths(value, view);
  }
  env.PATH = imagePath(action.env.PATH, view, machineEnv.PATH ?? '');
  const [name = '', ...args] = words;
  const command = findCommand(name.startsWith('.') ? path.resolve(cwd, name) : name, env.PATH, existsSync);
  if (command === undefined)
    throw new Error(`"${name}" was not found, neither in the stage nor on this machine`);
  return { command, args, cwd, env };
}

async function execute(
  { command, args, cwd, env }: Prepared,
  { signal, write }: RunSurroundings,
): Promise<void> {
  const child = spawn(command, args, { cwd, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'], signal });
  eachLine(child.stdout, write);
  eachLine(child.stderr, write);
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode) => {
      const end = (): void => {
        resolve(exitCode ?? 137);
      };
      const timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        end();
      }, outputGraceMs);
      child.once('close', () => {
        clearTimeout(timer);
        end();
      });
    });
  });
  signal.throwIfAborted();
  if (code !== 0) throw new RunFailed(code);
}

/** Puts a link to the kept folder in the mount's place, runs `task`, and puts back what was there. */
async function withCache(
  mount: RunAction['mounts'][number],
  { root, aside, disk, write }: RunSurroundings & { readonly aside: string },
  task: () => Promise<void>,
): Promise<void> {
  const linked = async (): Promise<void> => {
    makeFolder(root, path.posix.dirname(mount.target));
    const place = resolveInRoot(root, mount.target, { followLast: false });
    const wasThere = existsSync(place);
    if (wasThere) renameSync(place, aside);
    symlinkSync(disk.cacheFolder(mount.id), place);
    try {
      await task();
    } finally {
      rmSync(place, { recursive: true, force: true });
      if (wasThere) renameSync(aside, place);
    }
  };
  if (!mount.locked) return linked();
  return withFileLock(disk.lockFolder, `cache-${path.basename(disk.cacheFolder(mount.id))}`, linked, () => {
    write(`waiting for another build that uses the cache ${mount.id}`);
  });
}

/** Executes a RUN in the stage's folder, as a plain process of this machine. Throws RunFailed. */
export async function runCommand(action: RunAction, surroundings: RunSurroundings): Promise<void> {
  const nested = action.mounts.reduceRight<() => Promise<void>>(
    (task, mount, index) => () =>
      withCache(mount, { ...surroundings, aside: path.join(surroundings.work, `aside-${index}`) }, task),
    () => execute(prepare(action, surroundings), surroundings),
  );
  await nested();
}
