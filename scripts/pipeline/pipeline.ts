import { releasePolicy, type ReleasePolicy } from '../../functions/release/policy.ts';
import { resolveRollout } from './resolve-rollout.ts';
import type { DatabaseConfig, FunctionsConfig, ServiceConfig } from './schema.ts';

/** pipeline.yaml as it holds in one environment, with every default filled in. */
export interface Pipeline {
  /** Id of the Google Cloud project. */
  readonly project: string;
  readonly region: string;
  /** On GitHub. */
  readonly repository: { readonly owner: string; readonly name: string };
  /** Commits of `branch` are released to it. */
  readonly environment: { readonly name: string; readonly branch: string };
  /** By Cloud SQL instance name. */
  readonly databases: Readonly<Record<string, DatabaseConfig>>;
  /** By Cloud Run service name; values of `env` still hold their references (see resolveEnv). */
  readonly services: Readonly<Record<string, ServiceConfig>>;
  /** What the pipeline's own functions are told beside what setup tells them. */
  readonly functions?: FunctionsConfig | undefined;
  /** Services that go out together, in this order. A service is in one set at most. */
  readonly releaseSets: readonly (readonly string[])[];
  /** Numbers of the channels that are told when a person is needed; undefined leaves it to what people have set. */
  readonly notificationChannels?: readonly string[] | undefined;
}

/**
 * What a release of the service carries along for verification and rollout, complete. It has been read once the way
 * that they read it, so that a policy that they cannot use fails here.
 */
export const policyOf = (
  { releaseSets }: Pick<Pipeline, 'releaseSets'>,
  name: string,
  { health, rollout, schema, public: isPublic }: ServiceConfig,
): ReleasePolicy =>
  releasePolicy.parse({
    health,
    rollout: resolveRollout(rollout),
    schema,
    releaseSet: releaseSets.find((set) => set.includes(name)) ?? [],
    public: isPublic,
  } satisfies Record<keyof ReleasePolicy, unknown>);

/** The Cloud Storage bucket of the release records. */
export const stateBucket = ({ project }: Pick<Pipeline, 'project'>): string => `${project}-slipway`;

/** The Artifact Registry repository of the images; an image is `<this>/<service>`. */
export const imageRepository = ({ project, region }: Pick<Pipeline, 'project' | 'region'>): string =>
  `${region}-docker.pkg.dev/${project}/slipway`;
