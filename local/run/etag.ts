import { createHash } from 'node:crypto';
import { ApiError } from '../core/api-error.ts';
import type { Service } from './resources.ts';

/** The etag of a service: it changes with what the user has set, not with the status. The quotes are part of it. */
export function etagOf({ name, uid, generation, updateTime }: Service): string {
  const mark = createHash('sha256').update(`${name} ${uid} ${generation} ${updateTime}`).digest('base64url');
  return `"${mark.slice(0, 27)}"`;
}

/** Throws ABORTED when a request was made against another version of the service. No etag means no condition. */
export function checkEtag(service: Service, given: string | undefined): void {
  if (given === undefined || given === '') return;
  const current = etagOf(service);
  if (given === current) return;
  throw new ApiError(
    'ABORTED',
    `Conflict for resource '${service.name.split('/').at(-1) ?? ''}': version '${given}' was specified but current version is '${current}'.`,
  );
}

/** A service as the API answers it. */
export const withEtag = (service: Service): Service => ({ ...service, etag: etagOf(service) });
