import type { BuildConfig, BuildStep } from '../../local/build/build-types.ts';
import { checkNames } from '../builder/security/policy.ts';

/** One gate of a build, as the build config has it. */
export interface ConfiguredGate {
  /** The name under which `results` asks for it. */
  readonly name: string;
  readonly step: BuildStep;
  /** What the builder is given; undefined for a step that is a script. */
  readonly args: readonly string[] | undefined;
}

/** The gates that a gate waits for, such as `image` for `image-size`: it looks at what they leave. */
export const gatesBefore = ({ step }: ConfiguredGate, gates: readonly ConfiguredGate[]): ConfiguredGate[] =>
  gates.filter((other) => other.step !== step && step.waitFor?.includes(other.step.id ?? '') === true);

/** The image of scripts/builder, as the configs name it. */
const builderImage = '${_BUILDER}';

/**
 * The gates of a build: its steps that may fail. A step that makes several checks is several gates. Steps that are
 * neither the builder's nor a script cannot be run here and are left out.
 */
export function gatesOf(build: BuildConfig): ConfiguredGate[] {
  return (build.steps ?? [])
    .filter(({ allowFailure }) => allowFailure === true)
    .flatMap((step): ConfiguredGate[] => {
      const { id = '', args = [] } = step;
      if (step.script !== undefined) return [{ name: id, step, args: undefined }];
      if (step.name !== builderImage) return [];
      const [command, first = id] = args;
      if (command === 'gate') return [{ name: first, step, args }];
      if (command !== 'security') return [{ name: id, step, args }];
      const isCheck = (arg: string): boolean => checkNames.some((name) => name === arg);
      const named = args.filter(isCheck);
      const others = args.filter((arg) => !isCheck(arg));
      return (named.length > 0 ? named : checkNames).map((name) => ({ name, step, args: [...others, name] }));
    });
}
