import type { ReleasePolicy } from '../../functions/release/policy.ts';
import type { DatabaseConfig, ServiceConfig } from './schema.ts';

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
}

/** What a release of the service carries along for verification and rollout. */
export const policyOf = ({ health, rollout, public: isPublic }: ServiceConfig): ReleasePolicy => ({
  health,
  rollout,
  public: isPublic,
});

/** The Cloud Storage bucket of the release records. */
export const stateBucket = ({ project }: Pick<Pipeline, 'project'>): string => `${project}-slipway`;

/** The Artifact Registry repository of the images; an image is `<this>/<service>`. */
export const imageRepository = ({ project, region }: Pick<Pipeline, 'project' | 'region'>): string =>
  `${region}-docker.pkg.dev/${project}/slipway`;
