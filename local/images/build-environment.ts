import { processEnvironment } from '../core/environment.ts';

/** What a build on Google Cloud does not have either: a RUN reaches no cloud by its surroundings. */
const cloudAddresses = new Set(['CLOUD_API_ENDPOINT', 'GITHUB_API_URL', 'GCE_METADATA_HOST']);

/** The machine's part of the environment of a RUN: PATH, temporary folder, and npm's settings of this machine. */
export function buildEnvironment(
  origin: string,
  nodeFolder: string,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const all = processEnvironment(origin, nodeFolder, '/', env);
  return Object.fromEntries(Object.entries(all).filter(([name]) => !cloudAddresses.has(name)));
}
