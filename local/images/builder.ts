import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Origin, PlannedStage, PlannedStep } from './build-plan.ts';
import { copyFiles, isArchive } from './copy-files.ts';
import { copyFolder } from './copy-folder.ts';
import { findSources, type CopyOrigin } from './copy-sources.ts';
import { DockerfileError } from './dockerfile-lines.ts';
import { withFileLock } from './file-lock.ts';
import { toolPathsOf } from './image-config.ts';
import { removeWork, type ImageDisk, type StoredImage } from './image-disk.ts';
import { makeFolder } from './root-folder.ts';
import { segmentsOf, snapshotKeeper, treeKeeper, type Keeper, type Segment } from './stage-keepers.ts';
import { RunFailed, runCommand } from './run-command.ts';
import { UnplacedPath } from './run-paths.ts';

export interface BuilderOptions {
  readonly disk: ImageDisk;
  /** The Dockerfile as errors name it. */
  readonly file: string;
  readonly context: CopyOrigin;
  readonly nodeFolder: string;
  readonly machineEnv: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** One line of the log. */
  readonly write: (line: string) => void;
}

const label = ({ name, steps }: PlannedStage, number: number): string =>
  `[${name} ${number}/${steps.length + 1}]`;

function fromLine(stage: PlannedStage): string {
  const { base } = stage;
  const text = base.kind === 'stage' ? base.stage.name : base.reference;
  return `${label(stage, 1)} FROM ${text}${base.kind === 'base' ? ` (here: ${base.base.standsFor})` : ''}`;
}

/**
 * Builds the target stage and what it needs into plain folders, and stores the image. Each folder is built aside and
 * kept by a rename, so builds may run side by side and may be killed at any time; two that need the same part do it
 * once. Throws DockerfileError for a step that fails.
 */
export async function build(target: PlannedStage, options: BuilderOptions): Promise<StoredImage> {
  const { disk, file, write } = options;
  const snapshots = snapshotKeeper(disk);
  const started = new Map<PlannedStage, Promise<string>>();
  const reported = new Set<PlannedStage>();

  const reportCached = (stage: PlannedStage, count = stage.steps.length): void => {
    if (reported.has(stage)) return;
    reported.add(stage);
    if (stage.base.kind === 'stage') reportCached(stage.base.stage);
    for (const { from } of stage.steps.slice(0, count)) if (from?.kind === 'stage') reportCached(from.stage);
    write(stage.base.kind === 'base' ? fromLine(stage) : `CACHED ${fromLine(stage)}`);
    for (const step of stage.steps.slice(0, count)) {
      write(`CACHED ${label(stage, step.number)} ${step.text}`);
    }
  };

  /** The folder that an origin stands for; a public base image has one only inside a stage. */
  const copyOrigin = async (origin: Origin): Promise<CopyOrigin> => {
    switch (origin.kind) {
      case 'stage':
        return { root: await folderOf(origin.stage), shown: `the stage ${origin.stage.name}` };
      case 'image':
        return { root: origin.image.rootFolder, shown: `the image ${origin.reference}` };
      case 'base':
        throw new Error(
          `${origin.reference} holds no files here, it stands for ${origin.base.standsFor}: ` +
            'copy from a stage or from an image that was built here',
        );
      default:
        return origin satisfies never;
    }
  };

  const begin = async (stage: PlannedStage, root: string): Promise<void> => {
    const { base } = stage;
    if (base.kind === 'stage') await copyFolder(await folderOf(base.stage), root);
    else if (base.kind === 'image') await copyFolder(base.image.rootFolder, root);
    else {
      for (const folder of base.base.folders) makeFolder(root, folder);
      for (const { path: inside, mode, content } of base.base.files) {
        writeFileSync(path.join(root, inside), content);
        chmodSync(path.join(root, inside), mode);
      }
    }
  };

  const perform = async (stage: PlannedStage, step: PlannedStep, work: string): Promise<void> => {
    const { action } = step;
    const root = path.join(work, 'root');
    switch (action.kind) {
      case 'workdir':
        makeFolder(root, action.path);
        return;
      case 'copy': {
        const origin = step.from ? await copyOrigin(step.from) : options.context;
        const found = step.found ?? (await findSources(origin, action.sources));
        for (const source of found) {
          if (action.add && source.kind === 'file' && (await isArchive(source.file)))
            throw new Error(`ADD would unpack ${source.name}, which is not supported: COPY it, or RUN tar`);
        }
        await copyFiles(origin, found, { root, destination: action.destination, mode: action.mode });
        return;
      }
      case 'run':
        await runCommand(action, {
          root,
          work,
          toolPaths: toolPathsOf(stage.config.tools, options.nodeFolder),
          machineEnv: options.machineEnv,
          disk,
          signal: options.signal,
          write: (line) => {
            write(`  ${line}`.trimEnd());
          },
        });
        return;
      default:
        return action satisfies never;
    }
  };

  const performAll = async (
    stage: PlannedStage,
    steps: readonly PlannedStep[],
    work: string,
  ): Promise<void> => {
    for (const step of steps) {
      options.signal.throwIfAborted();
      write(`${label(stage, step.number)} ${step.text}`);
      const from = performance.now();
      try {
        await perform(stage, step, work);
      } catch (cause) {
        if (options.signal.aborted) throw cause;
        const said =
          cause instanceof UnplacedPath
            ? `RUN names a path that it cannot have: ${cause.message}`
            : (cause as Error).message;
        const message =
          cause instanceof RunFailed ? `"${step.text}" failed with exit code ${cause.exitCode}` : said;
        throw new DockerfileError(file, step.line, message, { cause });
      }
      const seconds = (performance.now() - from) / 1000;
      if (step.action.kind === 'run') write(`  done in ${seconds.toFixed(1)} s`);
    }
  };

  /** Builds `segments` on top of `previous` (the base when undefined); the last one is kept by `keeper`. */
  const buildFrom = async (
    stage: PlannedStage,
    segments: readonly Segment[],
    previous: string | undefined,
    keeper: Keeper,
  ): Promise<string> => {
    let folder = previous;
    // What the steps copy from is built before, so that no lock is held meanwhile.
    for (const { from } of segments.flatMap(({ steps }) => steps))
      if (from?.kind === 'stage') await folderOf(from.stage);
    for (const [index, { steps, key }] of segments.entries()) {
      const { find, keep } = index === segments.length - 1 ? keeper : snapshots;
      const before = folder;
      const buildOne = async (): Promise<string> => {
        const meanwhile = await find(key);
        if (meanwhile !== undefined) {
          for (const step of steps) write(`CACHED ${label(stage, step.number)} ${step.text}`);
          return meanwhile;
        }
        const work = disk.newWorkFolder();
        try {
          if (before === undefined) write(fromLine(stage));
          if (before === undefined) await begin(stage, path.join(work, 'root'));
          else await copyFolder(before, path.join(work, 'root'));
          await performAll(stage, steps, work);
          return await keep(key, work);
        } finally {
          removeWork(work);
        }
      };
      folder = await withFileLock(disk.lockFolder, key, buildOne, () => {
        write(`${label(stage, steps[0]?.number ?? 1)} waits for another build of the same steps`);
      });
    }
    return folder ?? '';
  };

  /** Goes on from the latest part of the stage that is kept. */
  const resume = async (stage: PlannedStage, keeper: Keeper): Promise<string> => {
    for (const note of new Set(stage.notes)) write(`${file}: ${note}`);
    const segments = segmentsOf(stage);
    for (let count = segments.length; count > 0; count -= 1) {
      const { find } = count === segments.length ? keeper : snapshots;
      const kept = await find(segments[count - 1]?.key ?? '');
      if (kept === undefined) continue;
      reportCached(stage, segments.slice(0, count).flatMap(({ steps }) => steps).length);
      const left = segments.slice(count);
      return left.length === 0 ? kept : buildFrom(stage, left, kept, keeper);
    }
    if (stage.base.kind === 'stage') await folderOf(stage.base.stage);
    reported.add(stage);
    return buildFrom(stage, segments, undefined, keeper);
  };

  const folderOf = (stage: PlannedStage): Promise<string> => {
    const known = started.get(stage) ?? resume(stage, snapshots);
    started.set(stage, known);
    return known;
  };

  write('No container engine: stages are plain folders of this machine, and RUN is not isolated from it.');
  return disk.putImage(target.config, await resume(target, treeKeeper(disk)));
}
