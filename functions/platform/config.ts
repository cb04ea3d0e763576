/** Where the pipeline runs. The only place that reads the environment. */
export interface Config {
  readonly project: string;
  readonly region: string;
  /** The state bucket. */
  readonly bucket: string;
  readonly repository: { readonly owner: string; readonly name: string };
  /** Only for functions that write to GitHub. */
  readonly githubToken: string | undefined;
  readonly githubApiUrl: string;
  /** One address for every Google API, where it is not Google's own: an emulator's, a proxy's. */
  readonly cloudApiEndpoint: string | undefined;
  readonly metadataHost: string;
}

/** A setting is missing or wrong: nobody can go on until it is put right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') {
    throw new ConfigError(
      `environment variable ${name} is not set; deploy the functions with scripts/setup.ts, which sets it`,
    );
  }
  return value;
}

/** The settings of a function, out of its environment. Throws ConfigError, which ends the process at its start. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const repository = required(env, 'SLIPWAY_REPOSITORY');
  const [owner, name, ...rest] = repository.split('/');
  if (!owner || !name || rest.length > 0)
    throw new ConfigError(`SLIPWAY_REPOSITORY must be owner/name, not ${JSON.stringify(repository)}`);
  return {
    project: required(env, 'SLIPWAY_PROJECT'),
    region: required(env, 'SLIPWAY_REGION'),
    bucket: required(env, 'SLIPWAY_BUCKET'),
    repository: { owner, name },
    githubToken: env.GITHUB_TOKEN,
    githubApiUrl: env.GITHUB_API_URL ?? 'https://api.github.com',
    ...readCloudConfig(env),
  };
}

/** The part of the settings that tells where the Google APIs are. */
export function readCloudConfig(
  env: NodeJS.ProcessEnv = process.env,
): Pick<Config, 'cloudApiEndpoint' | 'metadataHost'> {
  return {
    cloudApiEndpoint: env.CLOUD_API_ENDPOINT,
    metadataHost: env.GCE_METADATA_HOST ?? 'metadata.google.internal',
  };
}
