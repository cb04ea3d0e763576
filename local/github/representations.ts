import { createHash } from 'node:crypto';
import type { components } from '@octokit/openapi-types';
import { githubTime, type Commit, type CommitFile, type Signature } from './commits.ts';
import type { Comparison } from './compare.ts';
import type { GitRef } from './refs.ts';
import type { Repository } from './repositories.ts';
import type { CommitStatus } from './statuses.ts';

/** GitHub's JSON for what this room stores. Shapes: https://github.com/octokit/openapi-types.ts */
type Schemas = components['schemas'];

const nodeId = (kind: string, id: string | number): string =>
  Buffer.from(`${kind}:${id}`).toString('base64url');

/** Accounts are not stored: whoever is named exists, with an id made of the name. */
export function userJson(origin: string, login: string): Schemas['simple-user'] {
  const url = `${origin}/users/${login}`;
  const id = createHash('sha256').update(login.toLowerCase()).digest().readUInt32BE(0);
  return {
    login,
    id,
    node_id: nodeId('User', id),
    avatar_url: '',
    gravatar_id: '',
    url,
    html_url: `${origin}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: 'User',
    site_admin: false,
  };
}

export const apiUrl = (origin: string, { owner, name }: Repository): string =>
  `${origin}/repos/${owner}/${name}`;

/** What every form of a repository has. */
function repositoryUrls(origin: string, repository: Repository) {
  const url = apiUrl(origin, repository);
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: `${repository.owner}/${repository.name}`,
    owner: userJson(origin, repository.owner),
    private: repository.private,
    html_url: `${origin}/${repository.owner}/${repository.name}`,
    description: repository.description,
    fork: false,
    url,
    archive_url: `${url}/{archive_format}{/ref}`,
    assignees_url: `${url}/assignees{/user}`,
    blobs_url: `${url}/git/blobs{/sha}`,
    branches_url: `${url}/branches{/branch}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    comments_url: `${url}/comments{/number}`,
    commits_url: `${url}/commits{/sha}`,
    compare_url: `${url}/compare/{base}...{head}`,
    contents_url: `${url}/contents/{+path}`,
    contributors_url: `${url}/contributors`,
    deployments_url: `${url}/deployments`,
    downloads_url: `${url}/downloads`,
    events_url: `${url}/events`,
    forks_url: `${url}/forks`,
    git_commits_url: `${url}/git/commits{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    hooks_url: `${url}/hooks`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    issue_events_url: `${url}/issues/events{/number}`,
    issues_url: `${url}/issues{/number}`,
    keys_url: `${url}/keys{/key_id}`,
    labels_url: `${url}/labels{/name}`,
    languages_url: `${url}/languages`,
    merges_url: `${url}/merges`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    pulls_url: `${url}/pulls{/number}`,
    releases_url: `${url}/releases{/id}`,
    stargazers_url: `${url}/stargazers`,
    statuses_url: `${url}/statuses/{sha}`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    tags_url: `${url}/tags`,
    teams_url: `${url}/teams`,
    trees_url: `${url}/git/trees{/sha}`,
  } satisfies Schemas['minimal-repository'];
}

export const minimalRepositoryJson = (
  origin: string,
  repository: Repository,
): Schemas['minimal-repository'] => repositoryUrls(origin, repository);

export function repositoryJson(
  origin: string,
  repository: Repository,
  defaultBranch: string,
): Schemas['full-repository'] {
  const cloneUrl = `${origin}/${repository.owner}/${repository.name}.git`;
  return {
    ...repositoryUrls(origin, repository),
    git_url: cloneUrl,
    ssh_url: cloneUrl,
    clone_url: cloneUrl,
    svn_url: cloneUrl,
    mirror_url: null,
    homepage: null,
    language: null,
    forks_count: 0,
    forks: 0,
    stargazers_count: 0,
    watchers_count: 0,
    watchers: 0,
    subscribers_count: 0,
    network_count: 0,
    size: 0,
    default_branch: defaultBranch,
    open_issues_count: 0,
    open_issues: 0,
    has_issues: false,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    archived: false,
    disabled: false,
    visibility: repository.private ? 'private' : 'public',
    license: null,
    pushed_at: githubTime(repository.pushedAtMs),
    created_at: githubTime(repository.createdAtMs),
    updated_at: githubTime(repository.pushedAtMs),
    permissions: { admin: true, maintain: true, push: true, triage: true, pull: true },
  };
}

const gitUser = ({ name, email, date }: Signature): NonNullable<Schemas['nullable-git-user']> => ({
  name,
  email,
  date,
});

function fileJson(url: string, html: string, commit: string, file: CommitFile): Schemas['diff-entry'] {
  const name = file.filename.split('/').map(encodeURIComponent).join('/');
  return {
    sha: file.sha,
    filename: file.filename,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${html}/blob/${commit}/${name}`,
    raw_url: `${html}/raw/${commit}/${name}`,
    contents_url: `${url}/contents/${name}?ref=${commit}`,
    ...(file.previousFilename === undefined ? {} : { previous_filename: file.previousFilename }),
  };
}

/** Files and line counts come along when `files` is given. */
export function commitJson(
  origin: string,
  repository: Repository,
  commit: Commit,
  files?: readonly CommitFile[],
): Schemas['commit'] {
  const url = apiUrl(origin, repository);
  const html = `${origin}/${repository.owner}/${repository.name}`;
  const additions = files?.reduce((sum, file) => sum + file.additions, 0) ?? 0;
  const deletions = files?.reduce((sum, file) => sum + file.deletions, 0) ?? 0;
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url: `${url}/commits/${commit.sha}`,
    html_url: `${html}/commit/${commit.sha}`,
    comments_url: `${url}/commits/${commit.sha}/comments`,
    commit: {
      url: `${url}/git/commits/${commit.sha}`,
      author: gitUser(commit.author),
      committer: gitUser(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
      comment_count: 0,
      verification: {
        verified: false,
        reason: 'unsigned',
        payload: null,
        signature: null,
        verified_at: null,
      },
    },
    author: null,
    committer: null,
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${url}/commits/${sha}`,
      html_url: `${html}/commit/${sha}`,
    })),
    ...(files === undefined
      ? {}
      : {
          stats: { total: additions + deletions, additions, deletions },
          files: files.map((file) => fileJson(url, html, commit.sha, file)),
        }),
  };
}

/** `commits` are those of the page. The files come along with the first page only. */
export function comparisonJson(
  origin: string,
  repository: Repository,
  comparison: Comparison,
  commits: readonly Commit[],
  isFirstPage: boolean,
): Schemas['commit-comparison'] {
  const { base, head, mergeBase, status, aheadBy, behindBy, files } = comparison;
  const range = `${base.sha}...${head.sha}`;
  const html = `${origin}/${repository.owner}/${repository.name}/compare/${range}`;
  const url = apiUrl(origin, repository);
  return {
    url: `${url}/compare/${range}`,
    html_url: html,
    permalink_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    base_commit: commitJson(origin, repository, base),
    merge_base_commit: commitJson(origin, repository, mergeBase),
    status,
    ahead_by: aheadBy,
    behind_by: behindBy,
    total_commits: aheadBy,
    commits: commits.map((commit) => commitJson(origin, repository, commit)),
    files: isFirstPage
      ? files.map((file) => fileJson(url, `${origin}/${repository.owner}/${repository.name}`, head.sha, file))
      : [],
  };
}

export function refJson(origin: string, repository: Repository, ref: GitRef): Schemas['git-ref'] {
  const url = apiUrl(origin, repository);
  return {
    ref: ref.ref,
    node_id: nodeId('Ref', `${repository.id}:${ref.ref}`),
    url: `${url}/git/${ref.ref}`,
    object: { type: ref.type, sha: ref.sha, url: `${url}/git/${ref.type}s/${ref.sha}` },
  };
}

export function simpleStatusJson(
  origin: string,
  repository: Repository,
  status: CommitStatus,
): Schemas['simple-commit-status'] {
  const time = githubTime(status.createdAtMs);
  return {
    url: `${apiUrl(origin, repository)}/statuses/${status.sha}`,
    avatar_url: null,
    id: status.id,
    node_id: nodeId('StatusContext', status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: time,
    updated_at: time,
  };
}

export const statusJson = (
  origin: string,
  repository: Repository,
  status: CommitStatus,
): Schemas['status'] => ({
  ...simpleStatusJson(origin, repository, status),
  creator: userJson(origin, status.creator),
});
