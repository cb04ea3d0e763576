import type { Octokit } from '@octokit/rest';

export interface CommitStatus {
  readonly state: 'pending' | 'success' | 'failure' | 'error';
  readonly context: string;
  /** At most 140 characters: GitHub answers 422 beyond. */
  readonly description: string;
  readonly targetUrl: string;
}

export interface GitHub {
  createStatus(commit: string, status: CommitStatus): Promise<void>;
}

export const maxDescriptionLength = 140;

export function openGitHub(options: {
  readonly apiUrl: string;
  readonly token: string;
  readonly repository: { readonly owner: string; readonly name: string };
}): GitHub {
  let client: Promise<Octokit> | undefined;
  const connect = (): Promise<Octokit> =>
    (client ??= import('@octokit/rest').then(
      ({ Octokit }) => new Octokit({ auth: options.token, baseUrl: options.apiUrl }),
    ));
  const { owner, name: repo } = options.repository;
  return {
    async createStatus(sha, { state, context, description, targetUrl }) {
      const octokit = await connect();
      await octokit.rest.repos.createCommitStatus({
        owner,
        repo,
        sha,
        state,
        context,
        description:
          description.length > maxDescriptionLength
            ? `${description.slice(0, maxDescriptionLength - 1)}…`
            : description,
        ...(targetUrl === '' ? {} : { target_url: targetUrl }),
      });
    },
  };
}
