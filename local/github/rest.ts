import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { Reply, type ApiRequest, type HttpMethod, type Route } from '../core/room.ts';

/** One entry of `errors` in a 422. */
export interface FieldError {
  readonly resource: string;
  readonly code: 'custom' | 'missing_field' | 'invalid' | 'unprocessable';
  readonly field?: string;
  readonly message?: string;
}

/** An answer in GitHub's error form. */
export class GitHubError extends Error {
  readonly status: number;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    message: string,
    options: { errors?: readonly FieldError[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = 'GitHubError';
    this.status = status;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
  }
}

export const notFound = (): GitHubError => new GitHubError(404, 'Not Found');
export const validationFailed = (...errors: FieldError[]): GitHubError =>
  new GitHubError(422, 'Validation Failed', { errors });

/** The limits of content-creating requests (POST, PUT, PATCH, DELETE), for each token. */
export interface ContentLimits {
  readonly perMinute: number;
  readonly perHour: number;
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export const githubContentLimits: ContentLimits = { perMinute: 80, perHour: 500 };

/** Requests an hour that the headers count down from; they are reported and not enforced. */
const primaryLimit = 5_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;

interface Usage {
  windowEndsMs: number;
  used: number;
  /** When content was created, oldest first. */
  writesMs: number[];
}

export interface Endpoint {
  readonly method: HttpMethod;
  readonly path: string;
  /** The page of GitHub's documentation that errors point to, below https://docs.github.com/rest. */
  readonly docs: string;
  handle(request: ApiRequest): unknown;
}

/** Checks `Authorization`: anything well-formed passes. Returns the token, or undefined for an anonymous request. */
function tokenOf(request: ApiRequest): string | undefined {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const token = /^(?:bearer|token) +(\S+)$/i.exec(header)?.[1];
  if (token === undefined) throw new GitHubError(401, 'Bad credentials');
  return token;
}

function retryAfterSeconds(
  writesMs: readonly number[],
  nowMs: number,
  limits: ContentLimits,
): number | undefined {
  const waitMs = (limit: number, windowMs: number): number => {
    const inWindow = writesMs.filter((time) => time > nowMs - windowMs);
    const freed = inWindow.at(-limit);
    return freed === undefined ? 0 : freed + windowMs - nowMs;
  };
  const longest = Math.max(waitMs(limits.perMinute, minuteMs), waitMs(limits.perHour, hourMs));
  return longest > 0 ? Math.ceil(longest / 1000) : undefined;
}

const errorBody = ({ status, message, errors }: GitHubError, docs: string): object => ({
  message,
  ...(errors.length > 0 ? { errors } : {}),
  documentation_url: `https://docs.github.com/rest${docs}`,
  status: String(status),
});

/**
 * Turns endpoints into routes that answer as GitHub's API does: writes need a token, errors are in its form, every
 * answer carries rate-limit headers. `limits` switches on the secondary limit on creating content.
 */
export function restRoutes(
  clock: Clock,
  limits: ContentLimits | undefined,
  endpoints: readonly Endpoint[],
): Route[] {
  const usages = new Map<string, Usage>();
  const usageOf = (token: string | undefined): Usage => {
    // The token itself is not kept.
    const key = createHash('sha256')
      .update(token ?? '')
      .digest('hex');
    const known = usages.get(key);
    if (known && known.windowEndsMs > clock.now()) return known;
    const fresh = { windowEndsMs: clock.now() + hourMs, used: 0, writesMs: known?.writesMs ?? [] };
    usages.set(key, fresh);
    return fresh;
  };
  const limitContent = (usage: Usage): void => {
    if (!limits) return;
    const now = clock.now();
    usage.writesMs = usage.writesMs.filter((time) => time > now - hourMs);
    const seconds = retryAfterSeconds(usage.writesMs, now, limits);
    if (seconds !== undefined) {
      throw new GitHubError(
        403,
        'You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.',
        { headers: { 'retry-after': String(seconds) } },
      );
    }
    usage.writesMs.push(now);
  };
  return endpoints.map((endpoint): Route => ({
    method: endpoint.method,
    path: endpoint.path,
    failure: (status, message) =>
      new Reply(status, errorBody(new GitHubError(status, message), endpoint.docs), {
        'content-type': 'application/json; charset=utf-8',
        ...(status === 429 ? { 'retry-after': '60' } : {}),
      }),
    async handle(request) {
      const { method, docs } = endpoint;
      let headers: Record<string, string> = { 'content-type': 'application/json; charset=utf-8' };
      try {
        const token = tokenOf(request);
        if (token === undefined && method !== 'GET') throw new GitHubError(401, 'Requires authentication');
        const usage = usageOf(token);
        usage.used += 1;
        headers = {
          ...headers,
          'x-github-media-type': 'github.v3; format=json',
          'x-ratelimit-limit': String(primaryLimit),
          'x-ratelimit-remaining': String(Math.max(0, primaryLimit - usage.used)),
          'x-ratelimit-used': String(usage.used),
          'x-ratelimit-reset': String(Math.ceil(usage.windowEndsMs / 1000)),
          'x-ratelimit-resource': 'core',
        };
        if (method !== 'GET') limitContent(usage);
        const answer = await endpoint.handle(request);
        return answer instanceof Reply
          ? new Reply(answer.status, answer.body, { ...headers, ...answer.headers })
          : new Reply(200, answer, headers);
      } catch (error) {
        if (!(error instanceof GitHubError)) throw error;
        return new Reply(error.status, errorBody(error, docs), { ...headers, ...error.headers });
      }
    },
  }));
}

/** The body as a JSON object. */
export async function bodyOf(request: ApiRequest): Promise<Record<string, unknown>> {
  const bytes = await request.bytes();
  let body: unknown;
  try {
    body = bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new GitHubError(400, 'Problems parsing JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new GitHubError(400, 'Body should be a JSON object');
  return body as Record<string, unknown>;
}

export interface Page<T> {
  readonly items: T[];
  /** The `Link` header; empty when everything fits on one page. */
  readonly headers: Record<string, string>;
}

/** Cuts one page out of `all` by `page` and `per_page` (30, at most 100), with links to the others. */
export function paginate<T>(request: ApiRequest, origin: string, all: readonly T[]): Page<T> {
  const number = (name: string, fallback: number, most: number): number => {
    const value = Number(request.query.get(name) ?? fallback);
    return Number.isInteger(value) && value >= 1 ? Math.min(value, most) : fallback;
  };
  const perPage = number('per_page', 30, 100);
  const page = number('page', 1, Number.MAX_SAFE_INTEGER);
  const last = Math.max(1, Math.ceil(all.length / perPage));
  const link = (target: number, relation: string): string => {
    const url = new URL(request.raw.url ?? '/', origin);
    url.searchParams.set('page', String(target));
    return `<${url.href}>; rel="${relation}"`;
  };
  const links = [
    ...(page > 1 ? [link(Math.min(page - 1, last), 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ];
  return {
    items: all.slice((page - 1) * perPage, page * perPage),
    headers: links.length > 0 ? { link: links.join(', ') } : {},
  };
}
