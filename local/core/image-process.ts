import path from 'node:path';
import { outsidePath, translatePaths, type ImageView, type Mount } from './image-paths.ts';
import type { Image } from './links.ts';

/** What the one who starts an image sets over the image's own config. */
export interface ImageProcessOptions {
  /** Replaces ENTRYPOINT, and as in Docker and Kubernetes the image's CMD with it. */
  readonly entrypoint?: readonly string[] | undefined;
  /** Replaces CMD. */
  readonly args?: readonly string[] | undefined;
  /** Over the image's ENV. */
  readonly env?: Readonly<Record<string, string>>;
  /** Over the image's WORKDIR; a path inside. */
  readonly workingDir?: string | undefined;
  /** Folders that stand for paths inside: `/workspace`, `/cloudsql/…`, secret volumes. */
  readonly mounts?: readonly Mount[];
  /** `context.processEnvironment(home)`: the ground on which the image's ENV is laid. */
  readonly machineEnv: Readonly<Record<string, string>>;
  /** `fs.existsSync`. */
  readonly exists: (file: string) => boolean;
}

/** How to start an image as a plain process: pass it on to `context.processes.spawn`. */
export interface ImageProcess {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Folders of the PATH that every base image has: this machine's own come in their place. */
const standardFolders = new Set([
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
]);

/**
 * PATH of a process: what the image added itself, its `/usr/local/bin` and the like as far as they exist, the tools
 * that its base image stands for, then this machine's folders.
 */
export function imagePath(imagePathValue: string | undefined, view: ImageView, machinePath: string): string {
  const inside = (imagePathValue ?? [...standardFolders].join(':'))
    .split(':')
    .filter((folder) => folder !== '');
  const own = inside
    .filter((folder) => !standardFolders.has(folder))
    .map((folder) => outsidePath(folder, view));
  const standard = inside
    .filter((folder) => standardFolders.has(folder))
    .map((folder) => (view.rootFolder ?? '') + folder)
    .filter((folder) => view.rootFolder !== undefined && view.exists(folder));
  return [...new Set([...own, ...standard, ...(view.toolPaths ?? []), ...machinePath.split(':')])].join(':');
}

/** The command as a path where it is found on `searchPath`, so that what is missing is told before it is started. */
export function findCommand(
  name: string,
  searchPath: string,
  exists: (file: string) => boolean,
): string | undefined {
  if (name.includes('/')) return exists(name) ? name : undefined;
  return searchPath
    .split(':')
    .map((folder) => path.join(folder, name))
    .find((file) => exists(file));
}

/**
 * The process that stands for `docker run` of an image: ENTRYPOINT and CMD, ENV and WORKDIR with their paths at their
 * place on this machine. Throws when there is nothing to run, or when the command is neither in the image nor here.
 */
export function imageProcess(image: Image, options: ImageProcessOptions): ImageProcess {
  const { config, rootFolder, reference } = image;
  const { toolPaths } = config;
  const view: ImageView = { rootFolder, toolPaths, mounts: options.mounts ?? [], exists: options.exists };
  const entrypoint = options.entrypoint ?? config.entrypoint;
  const cmd = options.args ?? (options.entrypoint ? [] : config.cmd);
  const [name, ...rest] = [...entrypoint, ...cmd];
  if (name === undefined) {
    throw new Error(
      `${reference} has neither ENTRYPOINT nor CMD: set one in its Dockerfile, or give a command`,
    );
  }
  const given = { ...config.env, ...options.env };
  const env: Record<string, string> = { ...options.machineEnv };
  for (const [key, value] of Object.entries(given)) env[key] = translatePaths(value, view);
  const searchPath = imagePath(given.PATH, view, options.machineEnv.PATH ?? '');
  env.PATH = searchPath;
  const inside = options.workingDir ?? (config.workingDir === '' ? '/' : config.workingDir);
  const cwd = inside === '/' ? rootFolder : outsidePath(inside, view);
  const wanted = name.startsWith('/')
    ? outsidePath(name, view)
    : name.includes('/')
      ? path.resolve(cwd, name)
      : name;
  const command = findCommand(wanted, searchPath, options.exists);
  if (command === undefined) {
    throw new Error(
      `${reference}: "${name}" was not found in the image nor on its PATH (${searchPath}); ` +
        'copy it in the Dockerfile, or correct ENTRYPOINT and CMD',
    );
  }
  return { command, args: rest.map((arg) => translatePaths(arg, view)), cwd, env };
}
