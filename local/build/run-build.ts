import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { CloudContext } from '../core/context.ts';
import type { ImageStore, ObjectStore, SecretReader } from '../core/links.ts';
import { BuildFailure } from './build-failure.ts';
import { buildFolders } from './build-folders.ts';
import type { BuildLog } from './build-log.ts';
import { endedSteps, failureVerdict, haltVerdict, stepVerdict, type Verdict } from './build-outcome.ts';
import { timeoutOf } from './build-rules.ts';
import type { Build, Results, SourceProvenance, TimeSpan } from './build-types.ts';
import { fetchSource, type SourceLinks } from './fetch-source.ts';
import type { Halt } from './halt.ts';
import { pushImages } from './push-images.ts';
import { stepOutput, type StepEnvironment } from './run-step.ts';
import { runSteps, type StepProgress } from './run-steps.ts';
import { timed } from './timed.ts';
import { uploadArtifacts } from './upload-artifacts.ts';

export interface RunLinks extends SourceLinks {
  readonly context: CloudContext;
  readonly secrets: SecretReader;
  readonly images: ImageStore & { readonly shimFolder: string };
  readonly storage: ObjectStore;
}

export interface BuildRun {
  /** With its substitutions made. */
  readonly build: Build;
  readonly substitutions: Readonly<Record<string, string>>;
  readonly log: BuildLog;
  /** Made anew, and removed at the end. */
  readonly folder: string;
  readonly halt: Halt;
  readonly onProgress: (progress: readonly StepProgress[]) => void;
}

/** How a build ended, as fields of the Build; `stopped`: it did not end, the local cloud did. */
export type BuildOutcome = 'stopped' | (Partial<Build> & Verdict);

/** What the phases of a build leave behind, also when one of them fails. */
interface Findings {
  secrets: Record<string, string>;
  provenance: SourceProvenance;
  progress: readonly StepProgress[];
  readonly timing: Record<string, TimeSpan>;
  readonly results: Results;
}

function readSecrets(build: Build, reader: SecretReader): Record<string, string> {
  return Object.fromEntries(
    (build.availableSecrets?.secretManager ?? []).map(({ env = '', versionName = '' }) => {
      try {
        return [env, reader.access(versionName).toString('utf8')];
      } catch (cause) {
        const why = (cause as Error).message;
        throw new BuildFailure(`failed to access secret version ${versionName}: ${why}`, undefined, cause);
      }
    }),
  );
}

/** A folder that cannot be removed (its files were made read-only) changes nothing about how the build went. */
function removeFolder(folder: string, context: CloudContext): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    context.log('warning', `${folder} could not be removed: ${(error as Error).message}`);
  }
}

/** The images to push: `artifacts.images` when both are given. */
export const imagesToPush = ({ images = [], artifacts }: Build): readonly string[] =>
  (artifacts?.images?.length ?? 0) > 0 ? (artifacts?.images ?? []) : images;

async function fetchPhase(environment: StepEnvironment, links: RunLinks, found: Findings): Promise<void> {
  const { build, folders, log, halt, context } = environment;
  log.write('\nFETCHSOURCE');
  const { source } = build;
  if (!source || Object.keys(source).length === 0) return;
  const write = (line: string): void => {
    log.write(line);
  };
  const { result, span } = await timed(context, () =>
    fetchSource(source, folders, links, write, halt.signal),
  );
  found.provenance = result;
  found.timing.FETCHSOURCE = span;
}

async function stepsPhase(
  environment: StepEnvironment,
  onProgress: BuildRun['onProgress'],
  found: Findings,
): Promise<Verdict | undefined> {
  environment.log.write('BUILD');
  const { result, span } = await timed(environment.context, () =>
    runSteps(environment, (progress) => {
      found.progress = progress;
      onProgress(progress);
    }),
  );
  found.timing.BUILD = span;
  return result && stepVerdict(result);
}

async function pushPhase(environment: StepEnvironment, storage: ObjectStore, found: Findings): Promise<void> {
  const { build, context, folders, halt, log } = environment;
  const images = imagesToPush(build);
  const objects = build.artifacts?.objects;
  if (images.length === 0 && !objects) return;
  log.write('PUSH');
  const { span } = await timed(context, async () => {
    found.results.images = await pushImages(images, environment);
    if (!objects || halt.reason() !== undefined) return;
    const upload = await timed(context, async () =>
      uploadArtifacts(objects, build.id, folders.workspace, storage, log),
    );
    found.results.artifactManifest = upload.result.manifest;
    found.results.numArtifacts = String(upload.result.count);
    found.results.artifactTiming = upload.span;
  });
  found.timing.PUSH = span;
}

/** The phases, one after the other; undefined when the build was halted in one of them. */
async function runPhases(run: BuildRun, links: RunLinks, found: Findings): Promise<Verdict | undefined> {
  const { build, halt, log, substitutions } = run;
  const folders = buildFolders(run.folder);
  const isHalted = (): boolean => halt.reason() !== undefined;
  if (isHalted()) return undefined;
  rmSync(run.folder, { recursive: true, force: true });
  for (const folder of [folders.workspace, folders.home]) mkdirSync(folder, { recursive: true });
  found.secrets = readSecrets(build, links.secrets);
  const environment: StepEnvironment = {
    context: links.context,
    images: links.images,
    build,
    folders,
    baseDir: path.posix.join('/workspace', build.source?.gitSource?.dir ?? ''),
    substitutions,
    secrets: found.secrets,
    log,
    halt,
  };
  await fetchPhase(environment, links, found);
  if (isHalted()) return undefined;
  const failed = await stepsPhase(environment, run.onProgress, found);
  if (failed) return failed;
  if (isHalted()) return undefined;
  await pushPhase(environment, links.storage, found);
  return isHalted() ? undefined : { status: 'SUCCESS' };
}

/**
 * Runs one build from its beginning to its end: secrets, source, steps, images, artifacts. What goes wrong in it is the
 * outcome; it throws only for a fault of the local cloud itself. Its folder is gone afterwards, and no process is left.
 */
export async function runBuild(run: BuildRun, links: RunLinks): Promise<BuildOutcome> {
  const { build, halt } = run;
  const found: Findings = { secrets: {}, provenance: {}, progress: [], timing: {}, results: {} };
  const timeoutMs = timeoutOf(build.timeout);
  const cancelTimeout = links.context.clock.after(timeoutMs, () => {
    halt.end('timeout');
  });
  try {
    const ended = await runPhases(run, links, found).catch((error: unknown) => {
      if (halt.reason() !== undefined) return undefined;
      if (error instanceof BuildFailure) return failureVerdict(error, found.secrets);
      throw error;
    });
    const verdict = ended ?? haltVerdict(halt.reason(), timeoutMs);
    if (!verdict) return 'stopped';
    const steps = build.steps ?? [];
    const folders = buildFolders(run.folder);
    const results: Results = {
      ...found.results,
      buildStepImages: steps.map(({ name = '' }) => links.images.resolve(name)?.digest ?? ''),
      buildStepOutputs: steps.map((_, index) => stepOutput(folders, index, found.secrets)),
    };
    return {
      ...verdict,
      steps: endedSteps(steps, found.progress),
      results,
      timing: found.timing,
      ...(Object.keys(found.provenance).length > 0 ? { sourceProvenance: found.provenance } : {}),
    };
  } finally {
    cancelTimeout();
    removeFolder(run.folder, links.context);
  }
}
