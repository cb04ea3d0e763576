import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from '../core/identity.ts';

export interface Binding {
  role?: string;
  members?: string[];
}

export interface AccessRules {
  readonly invokerIamDisabled: boolean;
  readonly bindings: readonly Binding[];
  /** The addresses of the service: a token must be meant for one of them. */
  readonly audiences: readonly string[];
}

export type Access =
  | {
      readonly admitted: true;
      /** Replaces the Authorization header that the container sees. */ readonly authorization?: string;
    }
  | { readonly admitted: false };

const isPublic = ({ invokerIamDisabled, bindings }: AccessRules): boolean =>
  invokerIamDisabled ||
  bindings.some(({ role, members }) => role === 'roles/run.invoker' && members?.includes('allUsers'));

const bearer = (header: unknown): string | undefined =>
  typeof header === 'string' ? /^Bearer +(\S+)$/i.exec(header)?.[1] : undefined;

/**
 * Whether a request may reach the service. One that is not public asks for a token of this cloud that is meant for the
 * service; whose it is makes no difference here, roles of single accounts are not evaluated.
 * https://cloud.google.com/run/docs/authenticating/service-to-service
 */
export function decideAccess(
  rules: AccessRules,
  headers: IncomingHttpHeaders,
  verify: Identity['verify'],
): Access {
  if (isPublic(rules)) return { admitted: true };
  // A service may use Authorization for itself and leave the other header to Cloud Run.
  const own = headers['x-serverless-authorization'];
  const token = bearer(own ?? headers.authorization);
  const claims = token === undefined ? undefined : verify(token);
  if (token === undefined || !claims || !rules.audiences.includes(claims.aud)) return { admitted: false };
  if (own !== undefined) return { admitted: true };
  // The container sees who calls, and cannot use the token elsewhere.
  const withoutSignature = token.slice(0, token.lastIndexOf('.'));
  return { admitted: true, authorization: `Bearer ${withoutSignature}.SIGNATURE_REMOVED_BY_GOOGLE` };
}
