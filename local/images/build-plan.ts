import { baseImage, knownBaseImages, type BaseImage } from './base-images.ts';
import { findSources, fingerprint, type CopyOrigin, type CopySource } from './copy-sources.ts';
import type { Dockerfile, Stage } from './dockerfile.ts';
import { DockerfileError } from './dockerfile-lines.ts';
import { evaluateStage, globalArgs, type Action, type Step } from './evaluate-stage.ts';
import { sha256 } from './file-tree.ts';
import type { BuildConfig } from './image-config.ts';
import type { StoredImage } from './image-disk.ts';
import { substitute } from './substitute.ts';

/** What a stage begins with, or what COPY --from copies from. */
export type Origin =
  | { readonly kind: 'stage'; readonly stage: PlannedStage }
  | { readonly kind: 'image'; readonly image: StoredImage; readonly reference: string }
  | { readonly kind: 'base'; readonly base: BaseImage; readonly reference: string };

/** A step that changes files, and the key of the stage's content after it. */
export interface PlannedStep {
  readonly line: number;
  readonly text: string;
  /** As the log counts: FROM is 1. */
  readonly number: number;
  readonly action: Action;
  readonly key: string;
  /** Of a COPY out of the build context. */
  readonly found?: readonly CopySource[];
  /** Of a COPY --from. */
  readonly from?: Origin;
}

export interface PlannedStage {
  readonly name: string;
  readonly line: number;
  readonly base: Origin;
  readonly baseKey: string;
  readonly steps: readonly PlannedStep[];
  /** Of its content at the end. */
  readonly key: string;
  readonly config: BuildConfig;
  readonly notes: readonly string[];
}

export interface PlanInput {
  readonly dockerfile: Dockerfile;
  /** A stage's name or number; the last one when absent. */
  readonly target?: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly context: CopyOrigin;
  readonly nodeVersion: string;
  /** An image that was built here or pushed to the local registry. */
  findImage(reference: string): Promise<StoredImage | undefined>;
}

const keyOf = (...parts: readonly unknown[]): string => sha256(JSON.stringify(parts));

function originKey(origin: Origin): string {
  switch (origin.kind) {
    case 'stage':
      return origin.stage.key;
    case 'image':
      return keyOf('tree', origin.image.oci.rootfs.diff_ids);
    case 'base':
      return keyOf('base', origin.reference, origin.base);
    default:
      return origin satisfies never;
  }
}

function configOf(origin: Origin): BuildConfig {
  switch (origin.kind) {
    case 'stage':
      return origin.stage.config;
    case 'image': {
      const [baseTree] = origin.image.oci.rootfs.diff_ids;
      return { ...origin.image.config, ...(baseTree === undefined ? {} : { baseTree }) };
    }
    case 'base':
      return origin.base.config;
    default:
      return origin satisfies never;
  }
}

/**
 * What is to be done to build the target: the stages it needs and no other, each step with its key. The key of a step
 * covers all that the content after it depends on: the base, every earlier step with its arguments, the files copied.
 */
export async function planBuild(input: PlanInput): Promise<PlannedStage> {
  const { dockerfile, context } = input;
  const { file, escape, stages } = dockerfile;
  const fail = (line: number, message: string, cause?: unknown): never => {
    throw new DockerfileError(file, line, message, { cause });
  };
  const globals = globalArgs(dockerfile.globals, input.buildArgs, (line, word, lookup) => {
    try {
      return substitute(word, lookup, escape);
    } catch (cause) {
      return fail(line, (cause as Error).message, cause);
    }
  });
  const planned = new Map<number, Promise<PlannedStage>>();
  const plan = (stage: Stage): Promise<PlannedStage> => {
    const known = planned.get(stage.index) ?? planStage(stage);
    planned.set(stage.index, known);
    return known;
  };

  const originOf = async (reference: string, line: number, before: readonly Stage[]): Promise<Origin> => {
    const stage = before.find(
      ({ from, index }) => from.name === reference.toLowerCase() || String(index) === reference,
    );
    if (stage) return { kind: 'stage', stage: await plan(stage) };
    const base = baseImage(reference, input.nodeVersion);
    if (base) return { kind: 'base', base, reference };
    const image = await input.findImage(reference);
    if (image) return { kind: 'image', image, reference };
    return fail(
      line,
      `the image "${reference}" is neither a stage, nor built or pushed here, nor one that a tool of this machine ` +
        `stands for. Known: ${knownBaseImages}`,
    );
  };

  const planStep = async (
    step: Step & { action: Action },
    number: number,
    previous: string,
    stage: Stage,
  ) => {
    const { line, text, action } = step;
    const at = { line, text, action, number };
    if (action.kind !== 'copy') return { ...at, key: keyOf(previous, action) };
    if (action.from !== undefined) {
      const from = await originOf(action.from, line, stages.slice(0, stage.index));
      return { ...at, from, key: keyOf(previous, action, originKey(from)) };
    }
    try {
      const found = await findSources(context, action.sources);
      return { ...at, found, key: keyOf(previous, action, await fingerprint(found)) };
    } catch (cause) {
      return fail(line, `${text}: ${(cause as Error).message}`, cause);
    }
  };

  const planStage = async (stage: Stage): Promise<PlannedStage> => {
    const { line, image, platform } = stage.from;
    const put = (word: string): string => {
      try {
        return substitute(word, (name) => globals[name], escape);
      } catch (cause) {
        return fail(line, (cause as Error).message, cause);
      }
    };
    const reference = put(image);
    if (reference === '') fail(line, `FROM ${image} is empty: give the argument a default`);
    const wanted = platform === undefined ? '' : put(platform);
    if (!['', 'linux/amd64'].includes(wanted))
      fail(line, `FROM --platform=${wanted}: only linux/amd64 can be built`);
    const base = await originOf(reference, line, stages.slice(0, stage.index));
    const evaluated = evaluateStage(stage, {
      file,
      escape,
      base: configOf(base),
      globals,
      buildArgs: input.buildArgs,
    });
    const baseKey = originKey(base);
    const steps: PlannedStep[] = [];
    for (const step of evaluated.steps) {
      const { action } = step;
      if (action)
        steps.push(
          await planStep({ ...step, action }, steps.length + 2, steps.at(-1)?.key ?? baseKey, stage),
        );
    }
    return {
      name: stage.from.name ?? `stage-${stage.index}`,
      line,
      base,
      baseKey,
      steps,
      key: steps.at(-1)?.key ?? baseKey,
      config: evaluated.config,
      notes: evaluated.notes,
    };
  };

  const { target } = input;
  const chosen =
    target === undefined
      ? stages.at(-1)
      : stages.find(({ from, index }) => from.name === target.toLowerCase() || String(index) === target);
  if (!chosen) {
    const names = stages.map(({ from, index }) => from.name ?? String(index)).join(', ');
    throw new Error(`${file} has no stage "${target ?? ''}"; it has ${names}`);
  }
  return plan(chosen);
}

/** Build arguments that no ARG of the Dockerfile takes. Those of the builder itself need none. */
export function unusedBuildArgs(
  { globals, stages }: Dockerfile,
  buildArgs: Readonly<Record<string, string>>,
): string[] {
  const declared = new Set(
    [...globals, ...stages.flatMap(({ instructions }) => instructions)].flatMap((instruction) =>
      instruction.kind === 'ARG' ? instruction.args.map(({ name }) => name) : [],
    ),
  );
  return Object.keys(buildArgs).filter((name) => !declared.has(name) && !/_proxy$|^BUILDKIT_/i.test(name));
}
