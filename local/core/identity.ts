import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Table } from './state.ts';

/** Who calls: minted by the metadata server and by Pub/Sub's OIDC push, checked by Cloud Run's private services. */
export interface Identity {
  /** A JWT with `aud`, `email`, `iss: https://accounts.google.com`, valid for an hour; signed with this cloud's own key. */
  mint(audience: string, email: string): string;
  /** The claims of a valid, unexpired token of this cloud; undefined for anything else. */
  verify(token: string): { aud: string; email: string } | undefined;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function createIdentity(table: Table<string>, clock: Clock): Identity {
  const key = table.get('key') ?? randomBytes(32).toString('hex');
  table.set('key', key);
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    mint(audience, email) {
      const issuedAt = Math.floor(clock.now() / 1000);
      const claims = {
        iss: 'https://accounts.google.com',
        aud: audience,
        email,
        email_verified: true,
        iat: issuedAt,
        exp: issuedAt + 3600,
      };
      const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
      return `${text}.${sign(text).toString('base64url')}`;
    },
    verify(token) {
      const [header, payload, signature] = token.split('.');
      if (header === undefined || payload === undefined || signature === undefined) return undefined;
      const expected = sign(`${header}.${payload}`);
      const given = Buffer.from(signature, 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as {
        aud: string;
        email: string;
        exp: number;
      };
      return claims.exp * 1000 > clock.now() ? { aud: claims.aud, email: claims.email } : undefined;
    },
  };
}
