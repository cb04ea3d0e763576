import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const runner = path.resolve(import.meta.dirname, '..', '..', '..', 'scripts', 'k6', 'run.ts');

/** The part of `--summary-export` that tests look at. */
export interface Exported {
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly root_group: { readonly checks: Readonly<Record<string, { passes: number; fails: number }>> };
}

export interface ScriptRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** A value of a metric; NaN when the summary has none. */
  value(metric: string, name: string): number;
  readonly checks: Exported['root_group']['checks'];
}

/** Runs a script with the runner as a process of its own, to its end. `onStderr` may end it earlier, by its signal. */
export async function runScript(
  script: string | { readonly file: string },
  env: Readonly<Record<string, string>> = {},
  onStderr: (text: string, kill: (signal: NodeJS.Signals) => void) => void = () => undefined,
): Promise<ScriptRun> {
  const folder = await mkdtemp(path.join(tmpdir(), 'k6-script-'));
  try {
    const file = typeof script === 'string' ? path.join(folder, 'script.ts') : script.file;
    if (typeof script === 'string') await writeFile(file, script);
    const summary = path.join(folder, 'summary.json');
    const child = spawn(process.execPath, [runner, 'run', '--summary-export', summary, file], {
      env: { PATH: process.env.PATH, TMPDIR: folder, ...env },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      onStderr(stderr, (signal) => child.kill(signal));
    });
    await once(child, 'close');
    const exported = await readFile(summary, 'utf8').then(
      (text) => JSON.parse(text) as Exported,
      (): Exported => ({ metrics: {}, root_group: { checks: {} } }),
    );
    return {
      exitCode: child.exitCode,
      stdout,
      stderr,
      value: (metric, name) => exported.metrics[metric]?.[name] ?? NaN,
      checks: exported.root_group.checks,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
