import path from 'node:path';
import { outsidePath, translatePaths, type ImageView, type Mount } from '../core/image-paths.ts';
import { findCommand, imageProcess } from '../core/image-process.ts';
import type { Image } from '../core/links.ts';
import { findBuilder, gcloudEnvironment, knownBuilders, type Builder } from './builders.ts';
import { scriptsInside } from './build-folders.ts';
import type { BuildStep } from './build-types.ts';

/** What a step runs in, beside the step itself. */
export interface StepSurroundings {
  readonly mounts: readonly Mount[];
  /** A step's `dir` is relative to it: `/workspace`, or a folder below it when the source names one. */
  readonly baseDir: string;
  /** `context.processEnvironment(home)`. */
  readonly machineEnv: Readonly<Record<string, string>>;
  /** `KEY=VALUE`, the later ones win: global first, then the step's own. */
  readonly env: readonly string[];
  readonly automapped: Readonly<Record<string, string>>;
  readonly shimFolder: string;
  /** `context.tools.given`. */
  readonly givenFolder: string | undefined;
  readonly nodeFolder: string;
  readonly origin: string;
  readonly project: string;
  /** Where the step's `script` is to be written, as a path of this machine. */
  readonly scriptFile: string;
  readonly exists: (file: string) => boolean;
}

export interface StepProcess {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What to write into `scriptFile` before the start. */
  readonly script?: string;
}

function readEnv(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** `#!/usr/bin/env -S node --x` → the words of the line; `#!/bin/sh` when there is none. */
export function scriptInterpreter(script: string): string[] {
  const line = /^#!\s*(\S[^\n\r]*)/.exec(script)?.[1] ?? '/bin/sh';
  const [interpreter = '/bin/sh', ...rest] = line.trim().split(/\s+/);
  if (path.posix.basename(interpreter) !== 'env') return [interpreter, ...rest];
  return rest[0] === '-S' ? rest.slice(1) : rest;
}

function toolProcess(step: BuildStep, builder: Builder, around: StepSurroundings): StepProcess {
  const view: ImageView = { toolPaths: [around.nodeFolder], mounts: around.mounts, exists: around.exists };
  const machinePath = around.machineEnv.PATH ?? '';
  const env: Record<string, string> = {
    ...around.machineEnv,
    ...(builder.docker ? { PATH: `${around.shimFolder}:${machinePath}` } : {}),
    ...(builder.given && around.givenFolder !== undefined
      ? { PATH: `${around.givenFolder}:${machinePath}` }
      : {}),
    ...(builder.gcloud ? gcloudEnvironment(around.origin, around.project) : {}),
  };
  for (const [key, value] of Object.entries({ ...around.automapped, ...readEnv(around.env) })) {
    env[key] = translatePaths(value, view);
  }
  const inside = path.posix.resolve(around.baseDir, step.dir ?? '');
  const cwd = outsidePath(inside, view);
  const searchPath = env.PATH ?? '';
  const find = (name: string): string | undefined => {
    const wanted = name.startsWith('/')
      ? outsidePath(name, view)
      : name.includes('/')
        ? path.resolve(cwd, name)
        : name;
    return findCommand(wanted, searchPath, around.exists);
  };
  const missing = (name: string): Error =>
    new Error(`"${name}" is not installed on this machine: it was not found on ${searchPath}`);
  if (builder.needs !== undefined && find(builder.needs) === undefined) throw missing(builder.needs);
  if (step.script !== undefined && step.script !== '') {
    const [interpreter = '', ...rest] = scriptInterpreter(step.script);
    const command = find(interpreter) ?? find(path.posix.basename(interpreter));
    if (command === undefined) throw missing(interpreter);
    return {
      command,
      args: [...rest, around.scriptFile],
      cwd,
      env,
      script: translatePaths(step.script, view),
    };
  }
  const entrypoint = (step.entrypoint ?? '') === '' ? builder.entrypoint : [step.entrypoint ?? ''];
  const [name, ...args] = [...entrypoint, ...(step.args ?? [])];
  if (name === undefined)
    throw new Error(
      `the image ${step.name ?? ''} has no entrypoint: give the step "args", an "entrypoint" or a "script"`,
    );
  const command = find(name);
  if (command === undefined) throw missing(name);
  return { command, args: args.map((arg) => translatePaths(arg, view)), cwd, env };
}

function builtImageProcess(step: BuildStep, image: Image, around: StepSurroundings): StepProcess {
  const hasScript = step.script !== undefined && step.script !== '';
  const view: ImageView = {
    rootFolder: image.rootFolder,
    toolPaths: image.config.toolPaths,
    mounts: around.mounts,
    exists: around.exists,
  };
  const started = imageProcess(image, {
    entrypoint: hasScript
      ? scriptInterpreter(step.script ?? '')
      : (step.entrypoint ?? '') === ''
        ? undefined
        : [step.entrypoint ?? ''],
    // As a path inside: arguments of an image are translated, this machine's own paths must not be.
    args: hasScript
      ? [`${scriptsInside}/${path.basename(around.scriptFile)}`]
      : (step.args ?? []).length > 0
        ? step.args
        : undefined,
    env: { ...around.automapped, ...readEnv(around.env) },
    workingDir: path.posix.resolve(around.baseDir, step.dir ?? ''),
    mounts: around.mounts,
    machineEnv: around.machineEnv,
    exists: around.exists,
  });
  return hasScript ? { ...started, script: translatePaths(step.script ?? '', view) } : started;
}

/**
 * The process that stands for a step's container: the builder's tool or the built image, with container paths at their
 * place on this machine. Throws, in words for the build's log, when there is nothing here that could run it.
 */
export function stepProcess(
  step: BuildStep,
  image: Image | undefined,
  around: StepSurroundings,
): StepProcess {
  const name = step.name ?? '';
  const builder = findBuilder(name);
  if (builder?.refusal !== undefined) throw new Error(builder.refusal);
  if (builder) return toolProcess(step, builder, around);
  if (image) return builtImageProcess(step, image, around);
  throw new Error(
    `the image "${name}" is neither built here nor does a tool of this machine stand for it; ` +
      `build and push it first, or use one of: ${knownBuilders.join(', ')}`,
  );
}
