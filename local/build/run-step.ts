import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import type { CloudContext } from '../core/context.ts';
import type { ImageStore } from '../core/links.ts';
import { outputFolder, stepMounts, volumeFolder, type BuildFolders } from './build-folders.ts';
import { lineWriter, stepTitle, type BuildLog } from './build-log.ts';
import { createHalt, type Halt } from './halt.ts';
import type { Build, BuildStatus, BuildStep } from './build-types.ts';
import { durationMs } from './durations.ts';
import { createSecretMasker, maskSecrets } from './secret-masker.ts';
import { stepProcess, type StepProcess } from './step-process.ts';

/** What a run of a build needs at each step. */
export interface StepEnvironment {
  readonly context: CloudContext;
  readonly images: ImageStore & { readonly shimFolder: string };
  readonly build: Build;
  readonly folders: BuildFolders;
  /** `/workspace`, or the folder below it that the source names. */
  readonly baseDir: string;
  /** Every substitution, for `automapSubstitutions`. */
  readonly substitutions: Readonly<Record<string, string>>;
  /** The secrets' values by their variable's name. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly log: BuildLog;
  readonly halt: Halt;
}

export interface StepResult {
  readonly status: Extract<BuildStatus, 'SUCCESS' | 'FAILURE' | 'TIMEOUT' | 'CANCELLED'>;
  readonly exitCode?: number;
  /** Why it failed, for `build step 0 "ubuntu" failed: …`. */
  readonly reason?: string;
}

function planStep(step: BuildStep, index: number, run: StepEnvironment): StepProcess {
  const { context, build, folders, images } = run;
  const automap = step.automapSubstitutions ?? build.options?.automapSubstitutions ?? false;
  const planned = stepProcess(step, images.resolve(step.name ?? ''), {
    mounts: stepMounts(folders, build, step, index),
    baseDir: run.baseDir,
    machineEnv: context.processEnvironment(folders.home),
    env: [...(build.options?.env ?? []), ...(step.env ?? [])],
    automapped: automap ? run.substitutions : {},
    shimFolder: images.shimFolder,
    givenFolder: context.tools.given,
    nodeFolder: context.tools.node,
    origin: context.origin,
    project: build.projectId,
    scriptFile: path.join(folders.scripts, `step-${index}`),
    exists: existsSync,
  });
  const used = new Set([...(build.options?.secretEnv ?? []), ...(step.secretEnv ?? [])]);
  // Secrets come last and as they are: nothing in them is a path to translate.
  const secrets = Object.fromEntries(Object.entries(run.secrets).filter(([name]) => used.has(name)));
  return { ...planned, env: { ...planned.env, BUILDER_OUTPUT: outputFolder(folders, index), ...secrets } };
}

function prepareFolders(
  step: BuildStep,
  index: number,
  planned: StepProcess,
  { build, folders }: StepEnvironment,
): void {
  for (const { name = '' } of [...(build.options?.volumes ?? []), ...(step.volumes ?? [])]) {
    mkdirSync(volumeFolder(folders, name), { recursive: true });
  }
  mkdirSync(outputFolder(folders, index), { recursive: true });
  // As in Docker, a working directory that does not exist is made: but only in what belongs to this build.
  if (planned.cwd.startsWith(folders.root + path.sep)) mkdirSync(planned.cwd, { recursive: true });
  if (!existsSync(planned.cwd))
    throw new Error(`the directory ${planned.cwd} does not exist on this machine`);
  if (planned.script !== undefined) {
    const file = path.join(folders.scripts, `step-${index}`);
    mkdirSync(folders.scripts, { recursive: true });
    writeFileSync(file, planned.script);
    chmodSync(file, 0o755);
  }
}

/** Writes one of a process's streams into the log: masked, then line by line behind the step's title. */
export function pipeOutput(stream: Readable, title: string, { log, secrets }: StepEnvironment): () => void {
  const masker = createSecretMasker(secrets);
  const lines = lineWriter(title, (text) => {
    log.write(text);
  });
  stream.setEncoding('utf8').on('data', (text: string) => {
    lines.push(masker.push(text));
  });
  return () => {
    lines.push(masker.flush());
    lines.end();
  };
}

async function runProcess(
  planned: StepProcess,
  step: BuildStep,
  title: string,
  run: StepEnvironment,
): Promise<StepResult> {
  const started = run.context.processes.spawn(planned);
  const flushes = [started.stdout, started.stderr].map((stream) => pipeOutput(stream, title, run));
  const timeoutMs = durationMs(step.timeout ?? '') ?? 0;
  const own = createHalt();
  const end = (): void => void started.stop(run.halt.reason() === 'stopped' ? 1_000 : 0);
  const cancelTimer =
    timeoutMs > 0
      ? run.context.clock.after(timeoutMs, () => {
          own.end('timeout');
          void started.stop(0);
        })
      : undefined;
  run.halt.signal.addEventListener('abort', end, { once: true });
  if (run.halt.reason() !== undefined) end();
  try {
    const { code } = await started.exited;
    for (const flush of flushes) flush();
    const halted = run.halt.reason();
    if (halted !== undefined) return { status: halted === 'timeout' ? 'TIMEOUT' : 'CANCELLED' };
    if (own.reason() !== undefined) {
      return { status: 'TIMEOUT', reason: `step ran longer than its timeout of ${step.timeout ?? ''}` };
    }
    if (code === 0) return { status: 'SUCCESS' };
    return { status: 'FAILURE', exitCode: code, reason: `step exited with non-zero status: ${code}` };
  } finally {
    cancelTimer?.();
    run.halt.signal.removeEventListener('abort', end);
  }
}

/** Runs one step to its end and writes all of it into the log; what goes wrong is its result, never an exception. */
export async function runStep(step: BuildStep, index: number, run: StepEnvironment): Promise<StepResult> {
  const title = stepTitle(index, step.id);
  run.log.write(`Starting ${title}`);
  try {
    const planned = planStep(step, index, run);
    prepareFolders(step, index, planned, run);
    run.log.write(`${title}: Already have image: ${step.name ?? ''}`);
    const result = await runProcess(planned, step, title, run);
    if (result.status === 'SUCCESS') run.log.write(`Finished ${title}`);
    return result;
  } catch (error) {
    const reason = maskSecrets(run.secrets, (error as Error).message);
    run.log.write(`${title}: ${reason}`);
    return { status: 'FAILURE', reason };
  }
}

/** Cloud Build keeps the first 50 KB of what a step writes to `$BUILDER_OUTPUT/output`. */
const outputBytes = 50 * 1024;

/** That output in base64, without the secrets; "" when there is none. */
export function stepOutput(
  folders: BuildFolders,
  index: number,
  secrets: Readonly<Record<string, string>>,
): string {
  const file = path.join(outputFolder(folders, index), 'output');
  if (!existsSync(file)) return '';
  const content = readFileSync(file).subarray(0, outputBytes);
  // Byte by byte, so that output which is no text stays as it is.
  const asBytes = Object.entries(secrets).map(([name, value]) => [
    name,
    Buffer.from(value).toString('latin1'),
  ]);
  const masked = maskSecrets(
    Object.fromEntries(asBytes) as Record<string, string>,
    content.toString('latin1'),
  );
  return Buffer.from(masked, 'latin1').toString('base64');
}
