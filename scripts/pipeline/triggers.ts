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
