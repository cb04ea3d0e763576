import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from '../core/identity.ts';

/** Who calls the API, for the audit log: the account of a token of this cloud; without one, the machine's user. */
export function callerOf(headers: IncomingHttpHeaders, identity: Identity, projectId: string): string {
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const claims = token === undefined ? undefined : identity.verify(token);
  return claims?.email ?? `local-user@${projectId}.iam.gserviceaccount.com`;
}
