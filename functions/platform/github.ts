import type { Octokit } from '@octokit/rest';
import { ConfigError } from './config.ts';

export interface CommitStatus {
  readonly state: 'pending' | 'success' | 'failure' | 'error';
  readonly context: string;
  /** At most 140 characters: GitHub answers 422 beyond. */
  readonly description: string;
  readonly targetUrl: string;
}

export interface GitHub {
  /** Not accepted: GitHub will never take it (no such commit, too many statuses). Everything else that fails throws. */
  createStatus(
    commit: string,
    status: CommitStatus,
  ): Promise<{ readonly accepted: true } | { readonly accepted: false; readonly reason: string }>;
}

export const maxDescriptionLength = 140;
const timeoutMs = 15_000;

export function openGitHub(options: {
  readonly apiUrl: string;
  readonly token: string | undefined;
  readonly repository: { readonly owner: string; readonly name: string };
}): GitHub {
  let client: Promise<Octokit> | undefined;
  const connect = (): Promise<Octokit> => {
    if (options.token === undefined) throw new ConfigError('environment variable GITHUB_TOKEN is not set');
    return (client ??= import('@octokit/rest').then(
      ({ Octokit }) => new Octokit({ auth: options.token, baseUrl: options.apiUrl }),
    ));
  };
  const { owner, name: repo } = options.repository;
  return {
    async createStatus(sha, { state, context, description, targetUrl }) {
      const octokit = await connect();
      try {
        await octokit.rest.repos.createCommitStatus({
          owner,
          repo,
          sha,
          state,
          context,
          description,
          ...(targetUrl === '' ? {} : { target_url: targetUrl }),
          request: { signal: AbortSignal.timeout(timeoutMs) },
        });
        return { accepted: true };
      } catch (error) {
        const { status, message } = error as { status?: unknown; message: string };
        // A commit that was forced away, or a thousand statuses on one context: asking again changes nothing.
        if (status === 404 || status === 422) return { accepted: false, reason: message };
        throw error;
      }
    },
  };
}
