import { setTimeout as sleep } from 'node:timers/promises';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';

/** How the Google APIs are reached: Google's own addresses with this machine's credentials, or one other address. */
export interface GoogleApi {
  /** Options for the official clients: REST, because loading gRPC costs a function its cold start. */
  readonly clientOptions: GoogleClientOptions;
  /** A request to an API that has no client here. `service` is its host's first label (`storage`, `logging`). */
  request(service: string, path: string, init?: GoogleRequest): Promise<Response>;
}

export interface GoogleClientOptions {
  // The clients' own option type has an index signature; without one of ours it is not assignable to it.
  readonly [option: string]: string | number | boolean | object | undefined;
  readonly fallback: true;
  readonly protocol?: 'http' | 'https';
  readonly apiEndpoint?: string;
  readonly port?: number;
  readonly authClient?: PassThroughClient;
}

export interface GoogleRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly json?: unknown;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  readonly contentType?: string;
  /** Of one attempt. */
  readonly timeoutMs?: number;
  /**
   * Sent twice it does the same as once, so it may be sent again after a failure that passes. Left out: for reads, and
   * for what a generation lets happen once only.
   */
  readonly repeatable?: boolean;
}

/** An API answered with an error. `status` is the HTTP status. */
export class GoogleApiError extends Error {
  override readonly name = 'GoogleApiError';
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Throws GoogleApiError with what the API said, unless the answer is a success. */
export async function expectOk(response: Response, what: string): Promise<Response> {
  if (response.ok) return response;
  const text = await response.text();
  throw new GoogleApiError(`${what}: ${response.status} ${messageOf(text)}`, response.status);
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? text.slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}

/** HTTP statuses after which the same request may succeed. https://cloud.google.com/storage/docs/retry-strategy */
const transient: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
const maxAttempts = 4;
const retryMs = 200;
const longestWaitMs = 10_000;

/** What `Retry-After` asks for, as far as it is worth waiting for here. */
const askedToWaitMs = (answer: Response | undefined): number =>
  Math.min((Number(answer?.headers.get('retry-after')) || 0) * 1000, longestWaitMs);

/** `endpoint` undefined: Google's own addresses. `pause` waits between two attempts. */
export function createGoogleApi(
  endpoint: string | undefined,
  pause: (milliseconds: number) => Promise<void> = async (milliseconds) => sleep(milliseconds),
): GoogleApi {
  const url = endpoint === undefined ? undefined : new URL(endpoint);
  const auth = url ? undefined : new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
  return {
    clientOptions: url
      ? {
          fallback: true,
          protocol: url.protocol === 'https:' ? 'https' : 'http',
          apiEndpoint: url.hostname,
          port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
          authClient: new PassThroughClient(),
        }
      : { fallback: true },
    async request(service, path, request = {}) {
      const { method = 'GET', query = {}, json, body, contentType, timeoutMs = 30_000 } = request;
      const target = new URL(path, url ?? `https://${service}.googleapis.com`);
      for (const [name, value] of Object.entries(query))
        if (value !== undefined) target.searchParams.set(name, value);
      const payload = json === undefined ? body : JSON.stringify(json);
      const { repeatable = method === 'GET' || query.ifGenerationMatch !== undefined } = request;
      const attempts = repeatable ? maxAttempts : 1;
      for (let attempt = 1; ; attempt += 1) {
        const token = await auth?.getAccessToken();
        const answer = await fetch(target, {
          method,
          headers: {
            ...(token ? { authorization: `Bearer ${token}` } : {}),
            ...(payload === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
          },
          ...(payload === undefined ? {} : { body: payload }),
          signal: AbortSignal.timeout(timeoutMs),
        }).catch((error: unknown) => {
          if (attempt >= attempts) throw error;
          return undefined;
        });
        if (answer && (attempt >= attempts || !transient.has(answer.status))) return answer;
        await answer?.body?.cancel();
        await pause(Math.max(retryMs * 2 ** attempt, askedToWaitMs(answer)));
      }
    },
  };
}
