import { readCloudConfig } from '../../functions/platform/config.ts';
import { createGoogleApi, type GoogleApi } from '../../functions/platform/google-api.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';

/** Where setup works: the same code against Google Cloud and against a local cloud; only the endpoint differs. */
export interface SetupTarget {
  readonly pipeline: Pipeline;
  readonly api: GoogleApi;
  /** The checkout whose pipeline this is. */
  readonly folder: string;
  /** The token with which the pipeline writes to GitHub; undefined: it is in Secret Manager already, or still to come. */
  readonly githubToken: string | undefined;
  /** Secrets that have no value get a made-up one: right for a local cloud, never for Google Cloud. */
  readonly inventSecrets: boolean;
  /** One line about what was found or made. */
  note(line: string): void;
}

/** The endpoint out of the environment, as the functions read it; undefined for Google's own. */
export function cloudApi(endpoint: string | undefined = readCloudConfig().cloudApiEndpoint): GoogleApi {
  return createGoogleApi(endpoint);
}
