import type { Octokit } from '@octokit/rest';
import { ConfigError } from './config.ts';

export interface CommitStatus {
  readonly state: 'pending' | 'success' | 'failure' | 'error';
  readonly context: string;
  /** At most 140 characters: GitHub answers 422 beyond. */
  readonly description: string;
  readonly targetUrl: string;
}

/**
 * GitHub has answered and does not do it now: a limit, or trouble of its own. Not a refusal: the same request may
 * succeed later. A request without any answer is no such error, it may still be on its way.
 */
export class GitHubBusyError extends Error {
  override readonly name = 'GitHubBusyError';
  /** How long GitHub asks to be left alone; 0 when it does not. */
  readonly retryAfterSeconds: number;
  constructor(message: string, retryAfterSeconds: number, options: { cause: unknown }) {
    super(message, options);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface GitHub {
  /**
   * Not accepted: GitHub will never take it (no such commit, too many statuses). Throws GitHubBusyError when GitHub
   * does not take it now, and whatever else goes wrong.
   */
  createStatus(
    commit: string,
    status: CommitStatus,
  ): Promise<{ readonly accepted: true } | { readonly accepted: false; readonly reason: string }>;
  /** The commit at the head of a branch, or undefined when there is no such branch. Throws as `createStatus` does. */
  branchHead(branch: string): Promise<string | undefined>;
}

/** What lies between two commits. */
export interface Changes {
  /** Paths from the root; of what was renamed both. */
  readonly files: readonly string[];
  /** There may be more files: GitHub lists 300 at most. */
  readonly truncated: boolean;
  /** The older commit is an ancestor of the newer one: nobody has forced anything. */
  readonly isForward: boolean;
}

export interface GitHubChanges {
  /**
   * What has changed on the way to `head` since it parted from `base` (a commit or a branch). Undefined when GitHub has
   * not got both, or they have nothing in common. Throws as `createStatus` does.
   */
  changes(base: string, head: string): Promise<Changes | undefined>;
}

/** Where people read what the API at this address speaks of: GitHub's own, or that of a server of one's own. */
export const browserAddress = (apiUrl: string): string =>
  apiUrl === 'https://api.github.com' ? 'https://github.com' : apiUrl.replace(/\/api\/v3\/?$/, '');

export const maxDescriptionLength = 140;
/** https://docs.github.com/rest/commits/commits#compare-two-commits */
const maxComparedFiles = 300;
const timeoutMs = 15_000;

const nothing = (): void => undefined;
/** Octokit would write down every error that is thrown, those that are answers too. */
const quiet = { debug: nothing, info: nothing, warn: console.warn, error: nothing };

/** What Octokit throws; nothing of it is there when no answer came. */
interface RequestError {
  readonly status?: unknown;
  readonly message: string;
  readonly response?: { readonly headers: Readonly<Record<string, string | number | undefined>> };
}

/** Of a limit that does not say how long. The documentation asks for a minute at least. */
const limitSeconds = 60;

/**
 * How many seconds to wait after an error that passes; undefined for any other. A secondary limit may come as 403, which
 * also stands for a missing permission: only the headers tell the two apart.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
 */
function passesIn({ status, response }: RequestError, nowMs: number): number | undefined {
  // Octokit says 500 when no answer came at all.
  if (response && Number(status) >= 500) return 0;
  if (status !== 403 && status !== 429) return undefined;
  const number = (name: string): number => Number(response?.headers[name] ?? Number.NaN);
  const retryAfter = number('retry-after');
  if (Number.isFinite(retryAfter)) return retryAfter;
  if (number('x-ratelimit-remaining') === 0) {
    const reset = number('x-ratelimit-reset');
    return Number.isFinite(reset) ? Math.max(1, Math.ceil(reset - nowMs / 1000)) : limitSeconds;
  }
  return status === 429 ? limitSeconds : undefined;
}

export function openGitHub(options: {
  readonly apiUrl: string;
  readonly token: string | undefined;
  readonly repository: { readonly owner: string; readonly name: string };
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}): GitHub & GitHubChanges {
  const { now = Date.now } = options;
  let client: Promise<Octokit> | undefined;
  const connect = (): Promise<Octokit> => {
    if (options.token === undefined) throw new ConfigError('environment variable GITHUB_TOKEN is not set');
    return (client ??= import('@octokit/rest').then(
      ({ Octokit }) => new Octokit({ auth: options.token, baseUrl: options.apiUrl, log: quiet }),
    ));
  };
  const { owner, name: repo } = options.repository;
  /** `answered` says what the errors mean that are answers; all others are thrown. */
  const ask = async <T>(
    call: (octokit: Octokit, request: { signal: AbortSignal }) => Promise<T>,
    answered: (error: RequestError) => { readonly value: T } | undefined,
  ): Promise<T> => {
    const octokit = await connect();
    try {
      return await call(octokit, { signal: AbortSignal.timeout(timeoutMs) });
    } catch (cause) {
      const error = cause as RequestError;
      const answer = answered(error);
      if (answer) return answer.value;
      const seconds = passesIn(error, now());
      if (seconds === undefined) throw cause;
      throw new GitHubBusyError(`GitHub cannot be asked for ${seconds} s: ${error.message}`, seconds, {
        cause,
      });
    }
  };
  type Answer = Awaited<ReturnType<GitHub['createStatus']>>;
  return {
    createStatus: (sha, { state, context, description, targetUrl }) =>
      ask<Answer>(
        async (octokit, request) => {
          const target = targetUrl === '' ? {} : { target_url: targetUrl };
          const status = { owner, repo, sha, state, context, description, ...target };
          await octokit.rest.repos.createCommitStatus({ ...status, request });
          return { accepted: true };
        },
        // A commit that was forced away, or a thousand statuses on one context: asking again changes nothing.
        ({ status, message }) =>
          status === 404 || status === 422 ? { value: { accepted: false, reason: message } } : undefined,
      ),
    branchHead: (branch) =>
      ask<string | undefined>(
        async (octokit, request) => {
          const { data } = await octokit.rest.git.getRef({ owner, repo, ref: `heads/${branch}`, request });
          return data.object.sha;
        },
        // 409: the repository is empty.
        ({ status }) => (status === 404 || status === 409 ? { value: undefined } : undefined),
      ),
    changes: (base, head) =>
      ask<Changes | undefined>(
        async (octokit, request) => {
          const { data } = await octokit.rest.repos.compareCommitsWithBasehead({
            ...{ owner, repo, basehead: `${base}...${head}` },
            // Of the commits: the files are all on the first page.
            ...{ per_page: 1, page: 1, request },
          });
          const { files = [] } = data;
          return {
            files: files.flatMap(({ filename, previous_filename: before }) =>
              before === undefined ? [filename] : [before, filename],
            ),
            truncated: files.length >= maxComparedFiles,
            isForward: data.status === 'ahead' || data.status === 'identical',
          };
        },
        ({ status }) => (status === 404 ? { value: undefined } : undefined),
      ),
  };
}
