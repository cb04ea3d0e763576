import { spawnSync } from 'node:child_process';
import path from 'node:path';

export interface Runner {
  readonly name: 'k6' | 'slipway';
  /** For people: which one, and why. */
  readonly why: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** The first k6 that runs TypeScript by itself. https://grafana.com/docs/k6/latest/using-k6/javascript-typescript-compatibility-mode/ */
const least = [0, 57] as const;

/** Whether `k6 version` says that it is one that can run the scripts. */
export function isUsable(version: string): boolean {
  const [, major, minor] = /\bv(\d+)\.(\d+)\.\d+/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > least[0] || Number(minor) >= least[1];
}

/** k6 if it is installed and new enough, else our runner of a subset of it. */
export function chooseRunner(askVersion: () => string | undefined = k6Version): Runner {
  const version = askVersion();
  if (version !== undefined && isUsable(version))
    return { name: 'k6', why: version.trim(), command: 'k6', args: ['run'] };
  const old = version === undefined ? 'k6 is not installed' : `${version.trim()} does not run TypeScript`;
  return {
    name: 'slipway',
    why: `${old}: using Slipway's own runner of a subset of it`,
    command: process.execPath,
    args: [path.join(import.meta.dirname, 'run.ts')],
  };
}

/** What `k6 version` says; undefined when there is none on the PATH. */
export function k6Version(): string | undefined {
  const { status, stdout } = spawnSync('k6', ['version'], { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}
