import { pushPurpose, releasedBranch } from '../../functions/build-status/push-build.ts';
import { substitutions } from '../../functions/release/naming.ts';
import type { Pipeline } from './pipeline.ts';
import type { ServiceConfig } from './schema.ts';

/** What the build of a trigger is for. */
export type BuildPurpose = 'checks' | 'release';

/** The part of a Cloud Build BuildTrigger (JSON form) that Slipway sets. */
export interface BuildTrigger {
  readonly name: string;
  readonly description: string;
  readonly github: {
    readonly owner: string;
    readonly name: string;
    /** `branch` is an RE2 expression; `invertRegex` takes every branch that does not match. */
    readonly push: { readonly branch: string; readonly invertRegex?: true };
  };
  readonly filename: string;
  readonly includedFiles: readonly string[];
  readonly substitutions: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

/**
 * The Cloud Build triggers of a pipeline, two a service: `<service>-checks` for every branch but the one of the
 * environment, `<service>-release` for that one.
 */
export function triggersOf(pipeline: Pipeline): BuildTrigger[] {
  return Object.entries(pipeline.services).flatMap(([name, service]) => [
    trigger(pipeline, name, service, 'checks'),
    trigger(pipeline, name, service, 'release'),
  ]);
}

/** The trigger that every push to a branch starts, with its build in it: no file of a repository can be missing. */
export interface PushTrigger extends Omit<BuildTrigger, 'filename' | 'includedFiles'> {
  readonly build: {
    readonly steps: readonly {
      readonly id: string;
      readonly name: string;
      readonly entrypoint: string;
      readonly args: readonly string[];
    }[];
    readonly tags: readonly string[];
    readonly options: { readonly logging: 'CLOUD_LOGGING_ONLY' };
  };
}

/**
 * What the pipeline hears of pushes by that change no service: without it the checks that such a push needs would be
 * awaited for ever. Not for the released branch: nothing is merged from there.
 */
export function pushTriggerOf({ repository, environment }: Pipeline, builderImage: string): PushTrigger {
  const branch = `^${escapeRegex(environment.branch)}$`;
  return {
    name: 'slipway-push',
    description: 'Lets the pipeline report the services that a push leaves alone',
    github: { ...repository, push: { branch, invertRegex: true } },
    build: {
      steps: [
        {
          id: 'push',
          name: builderImage,
          entrypoint: 'echo',
          args: ['The services that this push leaves alone are reported on its commit.'],
        },
      ],
      tags: ['slipway'],
      options: { logging: 'CLOUD_LOGGING_ONLY' },
    },
    substitutions: {
      [substitutions.purpose]: pushPurpose,
      [releasedBranch]: environment.branch,
      _ENVIRONMENT: environment.name,
    },
    tags: ['slipway'],
  };
}

function trigger(
  { repository, environment }: Pipeline,
  serviceName: string,
  service: ServiceConfig,
  purpose: BuildPurpose,
): BuildTrigger {
  const branch = `^${escapeRegex(environment.branch)}$`;
  const filename = service.builds[purpose];
  return {
    name: `${serviceName}-${purpose}`,
    description: descriptions[purpose](serviceName, environment),
    github: { ...repository, push: purpose === 'checks' ? { branch, invertRegex: true } : { branch } },
    filename,
    includedFiles: [...new Set([`${service.folder}/**`, 'pipeline.yaml', filename, ...service.dependsOn])],
    substitutions: {
      [substitutions.service]: serviceName,
      [substitutions.purpose]: purpose,
      _ENVIRONMENT: environment.name,
      _FOLDER: service.folder,
      _CONTEXT: service.context ?? service.folder,
    },
    tags: ['slipway'],
  };
}

const descriptions = {
  checks: (service: string, { branch }: Pipeline['environment']): string =>
    `Checks ${service} on every branch but ${branch}`,
  release: (service: string, { name, branch }: Pipeline['environment']): string =>
    `Releases ${service} from ${branch} to ${name}`,
} as const satisfies Record<BuildPurpose, unknown>;

const escapeRegex = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
