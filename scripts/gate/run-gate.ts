import { access, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGoogleApi } from '../../functions/platform/google-api.ts';
import { scriptInterpreter } from '../../local/build/step-process.ts';
import { expandTemplate } from '../../local/build/substitution-template.ts';
import { runBuilder } from '../builder/run-builder.ts';
import { runProcess } from '../builder/run-process.ts';
import { UserError } from '../cli/user-error.ts';
import type { ConfiguredGate } from './gates-of.ts';

/** What a gate of a build knows of it: `_SERVICE`, `_FOLDER`, `COMMIT_SHA`, … */
export type Substitutions = Readonly<Record<string, string>>;

/**
 * Runs one gate in the checkout at `root`, with its output on this terminal; its exit code. `before`: gates that have to
 * leave something for it. When one of those fails, the gate cannot judge, and ends as that one did.
 */
export async function runGate(
  root: string,
  gate: ConfiguredGate,
  substitutions: Substitutions,
  before: readonly ConfiguredGate[] = [],
): Promise<number> {
  for (const { step } of [...before, gate])
    await needPackages(root, step.waitFor ?? [], substitutions._FOLDER ?? '.');
  return withWorkspace(root, async (workspace) => {
    for (const each of before) {
      process.stdout.write(`gate ${gate.name} needs ${each.name}, which runs first\n`);
      const exitCode = await runStep(workspace, each, substitutions);
      if (exitCode === 0) continue;
      process.stdout.write(
        `gate ${gate.name} did not run: it needs ${each.name}, which failed with exit ${exitCode}\n`,
      );
      return exitCode;
    }
    return runStep(workspace, gate, substitutions);
  });
}

async function runStep(
  workspace: string,
  { args, step }: ConfiguredGate,
  substitutions: Substitutions,
): Promise<number> {
  const expand = (text: string): string =>
    expandTemplate(text, { lookup: (key) => substitutions[key], dynamic: false }).text;
  if (args)
    return runBuilder(args.map(expand), {
      api: createGoogleApi(undefined),
      folder: workspace,
      print: (line) => process.stdout.write(`${line}\n`),
      now: Date.now,
      sleep: async (milliseconds) => sleep(milliseconds),
    });
  const env = (step.env ?? []).map(expand);
  const mapped = step.automapSubstitutions === true ? substitutions : {};
  return runScript(
    workspace,
    step.script ?? '',
    [...Object.entries(mapped).map((pair) => pair.join('=')), ...env],
    step.name ?? '',
  );
}

/** Most gates need what `npm ci` installs, as the build does first. */
async function needPackages(root: string, waitFor: readonly string[], folder: string): Promise<void> {
  if (!waitFor.includes('install')) return;
  const missing = await access(path.join(root, folder, 'node_modules')).then(
    () => false,
    () => true,
  );
  if (missing) throw new UserError(`${folder} has no node_modules; run "npm ci" there first`);
}

/**
 * A folder that looks like the checkout and is thrown away, as `/workspace` is: steps leave notes for one another in it.
 * What they write into a folder of the checkout (reports, caches) stays.
 */
async function withWorkspace<T>(root: string, use: (workspace: string) => Promise<T>): Promise<T> {
  const workspace = await mkdtemp(path.join(tmpdir(), 'slipway-gate-'));
  try {
    const names = (await readdir(root)).filter((name) => name !== '.slipway');
    await Promise.all(names.map((name) => symlink(path.join(root, name), path.join(workspace, name))));
    return await use(workspace);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

/** `env`: `KEY=VALUE`. */
async function runScript(
  workspace: string,
  script: string,
  env: readonly string[],
  image: string,
): Promise<number> {
  if (path.posix.basename(image).split(':')[0] === 'docker' && !(await isOnPath('docker')))
    throw new UserError(
      'this gate needs docker, which is not on the PATH; install it, or let the build run the gate',
    );
  const [interpreter = '/bin/sh', ...options] = scriptInterpreter(script);
  const file = path.join(workspace, '.slipway-step');
  await writeFile(file, script, { mode: 0o700 });
  return runProcess('env', [...env, interpreter, ...options, file], workspace);
}

async function isOnPath(command: string): Promise<boolean> {
  const found = await Promise.all(
    (process.env.PATH ?? '').split(path.delimiter).map((folder) =>
      access(path.join(folder, command)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
