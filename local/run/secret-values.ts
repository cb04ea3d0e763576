import { ApiError } from '../core/api-error.ts';
import type { SecretReader } from '../core/links.ts';
import type { Container } from './resources.ts';
import { StartFailure } from './start-failure.ts';

/** `projects/p/secrets/s/versions/v` of a reference, which may leave out the project and the version. */
function versionName(secret: string, version: string, project: string): string {
  const name = secret.startsWith('projects/') ? secret : `projects/${project}/secrets/${secret}`;
  return `${name}/versions/${version === '' ? 'latest' : version}`;
}

/**
 * The values of the container's variables that come from secrets, read anew for every instance. Throws StartFailure
 * that names the secret, never a value.
 */
export function secretValues(
  container: Container,
  project: string,
  secrets: SecretReader,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name = '', valueSource } of container.env ?? []) {
    const reference = valueSource?.secretKeyRef;
    if (!reference) continue;
    const version = versionName(reference.secret ?? '', reference.version ?? '', project);
    try {
      values[name] = secrets.access(version).toString('utf8');
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      const why = cause.code === 'NOT_FOUND' ? 'was not found' : `cannot be read (${cause.code})`;
      throw new StartFailure('secret', `The environment variable ${name}: Secret ${version} ${why}`, {
        cause,
      });
    }
  }
  return values;
}
