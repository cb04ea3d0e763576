/** The cookies of one host, for the requests of one journey. */
export interface CookieJar {
  /** `lines` are the values of Set-Cookie in the answer to a request of `path`. */
  store(lines: readonly string[], path: string, at: Date): void;
  /** The Cookie header for a request of `path`; undefined when there is nothing to send. */
  header(path: string, at: Date): string | undefined;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const withoutQuery = (path: string): string => path.split(/[?#]/, 1)[0] ?? '/';

/** RFC 6265, section 5.1.4 */
function defaultPath(requestPath: string): string {
  const end = requestPath.lastIndexOf('/');
  return end <= 0 ? '/' : requestPath.slice(0, end);
}

function covers(cookiePath: string, requestPath: string): boolean {
  if (requestPath === cookiePath) return true;
  return requestPath.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

/** RFC 6265, section 5.2: Max-Age goes before Expires, and what cannot be read is left out. */
function expiry(attributes: ReadonlyMap<string, string>, at: Date): number {
  const maxAge = attributes.get('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return at.getTime() + Number(maxAge) * 1000;
  const expires = Date.parse(attributes.get('expires') ?? '');
  return Number.isNaN(expires) ? Infinity : expires;
}

function parseCookie(line: string, requestPath: string, at: Date): Cookie | undefined {
  const [pair = '', ...rest] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(equals, 0)).trim();
  if (name === '') return undefined;
  const attributes = new Map(
    rest.map((attribute): [string, string] => {
      const [key = '', ...value] = attribute.split('=');
      return [key.trim().toLowerCase(), value.join('=').trim()];
    }),
  );
  const path = attributes.get('path') ?? '';
  return {
    name,
    value: pair.slice(equals + 1).trim(),
    path: path.startsWith('/') ? path : defaultPath(requestPath),
    expiresAt: expiry(attributes, at),
  };
}

/** Keeps cookies by name and path as RFC 6265 has it. All requests go to one host: Domain, Secure and SameSite say nothing. */
export function createCookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>();
  return {
    store(lines, path, at) {
      for (const line of lines) {
        const cookie = parseCookie(line, withoutQuery(path), at);
        if (!cookie) continue;
        const key = `${cookie.name};${cookie.path}`;
        if (cookie.expiresAt <= at.getTime()) cookies.delete(key);
        else cookies.set(key, cookie);
      }
    },
    header(path, at) {
      const sent = [...cookies.values()]
        .filter((cookie) => cookie.expiresAt > at.getTime() && covers(cookie.path, withoutQuery(path)))
        .sort((one, other) => other.path.length - one.path.length);
      return sent.length === 0 ? undefined : sent.map(({ name, value }) => `${name}=${value}`).join('; ');
    },
  };
}
