import { describe } from '@jest/globals';
import { Octokit } from '@octokit/rest';
import { openGitHub } from '../../../../functions/platform/github.ts';
import { gitHubCloud } from '../../../local/github/github-cloud.ts';
import { gitHubContract, type GitHubSubject } from './github-contract.ts';

async function open(): Promise<GitHubSubject> {
  const cloud = await gitHubCloud();
  const repository = { owner: 'acme', name: 'web' };
  const octokit = new Octokit({ auth: 'reader', baseUrl: cloud.context.origin });
  return {
    github: openGitHub({ apiUrl: cloud.context.origin, token: 'writer', repository }),
    commit: cloud.main,
    other: cloud.feature,
    async statuses(commit) {
      const { data } = await octokit.rest.repos.listCommitStatusesForRef({
        ...{ owner: repository.owner, repo: repository.name, ref: commit },
      });
      return data.map(({ state, context, description, target_url: url }) => ({
        state: state as 'pending' | 'success' | 'failure' | 'error',
        ...{ context, description: description ?? '', targetUrl: url ?? '' },
      }));
    },
    close: () => cloud.close(),
  };
}

describe('the adapter of GitHub, on the local cloud', () => {
  gitHubContract(open);
});
