import type { components } from '@octokit/openapi-types';
import type { KeyedQueue } from '../core/keyed-queue.ts';
import { Reply, type ApiRequest } from '../core/room.ts';
import { commitFiles, readCommit } from './commits.ts';
import { compareCommits } from './compare.ts';
import type { Git } from './git.ts';
import { isRefName, listRefs, resolveCommit } from './refs.ts';
import { isOwnerName, isRepositoryName, type Repositories, type Repository } from './repositories.ts';
import {
  apiUrl,
  commitJson,
  comparisonJson,
  minimalRepositoryJson,
  refJson,
  repositoryJson,
  simpleStatusJson,
  statusJson,
  userJson,
} from './representations.ts';
import { bodyOf, GitHubError, notFound, paginate, validationFailed, type Endpoint } from './rest.ts';
import { combinedState, latestPerContext, parseStatus, type Statuses } from './statuses.ts';

type Schemas = components['schemas'];

export interface Endpoints {
  readonly origin: string;
  readonly git: Git;
  readonly repositories: Repositories;
  readonly statuses: Statuses;
  /** Runs what changes one repository one after another. */
  readonly queue: KeyedQueue;
  /** Whose token every token is taken for. */
  readonly login: string;
}

/** Options of a new repository that would need more than an empty one; they are refused by name. */
const unsupportedOptions = ['auto_init', 'gitignore_template', 'license_template', 'is_template', 'team_id'];

/** The endpoints of GitHub's REST API that this room has. The more specific paths come first. */
export function githubEndpoints(room: Endpoints): Endpoint[] {
  const { origin, git, repositories, statuses, login } = room;

  const repositoryOf = (request: ApiRequest): Repository => {
    const { owner = '', repo = '' } = request.params;
    const repository = repositories.find(owner, repo);
    if (!repository) throw notFound();
    return repository;
  };
  const gitDirOf = ({ owner, name }: Repository): string => repositories.gitDir(owner, name);

  /** The commit named in the path; `absent` is what GitHub answers for one that is not there. */
  const commitOf = async (
    request: ApiRequest,
    absent: (ref: string) => GitHubError,
  ): Promise<{ repository: Repository; sha: string }> => {
    const repository = repositoryOf(request);
    const ref = request.params.ref ?? '';
    const sha = await resolveCommit(git, gitDirOf(repository), ref);
    if (sha === undefined) throw absent(ref);
    return { repository, sha };
  };
  const noCommit = (ref: string): GitHubError => new GitHubError(422, `No commit found for SHA: ${ref}`);
  const noRef = (): GitHubError => new GitHubError(404, 'Ref not found');

  const create = async (owner: string, request: ApiRequest): Promise<Reply> => {
    const body = await bodyOf(request);
    const refused = (message: string, field = 'name'): GitHubError =>
      new GitHubError(422, 'Repository creation failed.', {
        errors: [{ resource: 'Repository', code: 'custom', field, message }],
      });
    const { name, description } = body;
    if (typeof name !== 'string' || name === '')
      throw validationFailed({ resource: 'Repository', code: 'missing_field', field: 'name' });
    if (!isOwnerName(owner)) throw notFound();
    if (!isRepositoryName(name))
      throw refused('name may hold ASCII letters, digits, ".", "-" and "_" only, at most 100 of them');
    const unsupported = unsupportedOptions.find((option) => Boolean(body[option]));
    if (unsupported !== undefined)
      throw refused(`the local cloud makes empty repositories: ${unsupported} is not supported`, unsupported);
    // In turn with pushes: the first one to a repository makes it too.
    const repository = await room.queue(`${owner}/${name}`.toLowerCase(), async () => {
      if (repositories.find(owner, name)) throw refused('name already exists on this account');
      return repositories.create(owner, name, {
        description: typeof description === 'string' ? description : null,
        private: body.private === true || body.visibility === 'private',
      });
    });
    const json = repositoryJson(origin, repository, repositories.defaultBranch(repository));
    return new Reply(201, json, { location: json.url });
  };

  return [
    { method: 'GET', path: '/user', docs: '/users/users', handle: () => userJson(origin, login) },
    {
      method: 'POST',
      path: '/user/repos',
      docs: '/repos/repos#create-a-repository-for-the-authenticated-user',
      handle: (request) => create(login, request),
    },
    {
      method: 'POST',
      path: '/orgs/{org}/repos',
      docs: '/repos/repos#create-an-organization-repository',
      handle: (request) => create(request.params.org ?? '', request),
    },
    {
      method: 'GET',
      path: '/repos/{owner}/{repo}',
      docs: '/repos/repos#get-a-repository',
      handle(request) {
        const repository = repositoryOf(request);
        return repositoryJson(origin, repository, repositories.defaultBranch(repository));
      },
    },
    {
      method: 'GET',
      path: '/repos/{owner}/{repo}/commits/{ref=**}/statuses',
      docs: '/commits/statuses#list-commit-statuses-for-a-reference',
      async handle(request) {
        const { repository, sha } = await commitOf(request, noRef);
        const { items, headers } = paginate(request, origin, statuses.list(repository.id, sha));
        return new Reply(
          200,
          items.map((status) => statusJson(origin, repository, status)),
          headers,
        );
      },
    },
    {
      method: 'GET',
      path: '/repos/{owner}/{repo}/commits/{ref=**}/status',
      docs: '/commits/statuses#get-the-combined-status-for-a-specific-reference',
      async handle(request) {
        const { repository, sha } = await commitOf(request, noRef);
        const latest = latestPerContext(statuses.list(repository.id, sha));
        const { items, headers } = paginate(request, origin, latest);
        const url = apiUrl(origin, repository);
        const combined: Schemas['combined-commit-status'] = {
          state: combinedState(latest),
          statuses: items.map((status) => simpleStatusJson(origin, repository, status)),
          sha,
          total_count: latest.length,
          repository: minimalRepositoryJson(origin, repository),
          commit_url: `${url}/commits/${sha}`,
          url: `${url}/commits/${sha}/status`,
        };
        return new Reply(200, combined, headers);
      },
    },
    {
      method: 'POST',
      path: '/repos/{owner}/{repo}/statuses/{ref}',
      docs: '/commits/statuses#create-a-commit-status',
      async handle(request) {
        const body = await bodyOf(request);
        const sha = request.params.ref ?? '';
        // Reads take any ref; a status is set on a commit's full SHA.
        if (!/^[0-9a-f]{40}$/i.test(sha)) {
          repositoryOf(request);
          throw noCommit(sha);
        }
        const found = await commitOf(request, noCommit);
        const status = statuses.add(found.repository.id, found.sha, parseStatus(body), login);
        const json = statusJson(origin, found.repository, status);
        return new Reply(201, json, { location: json.url });
      },
    },
    {
      method: 'GET',
      path: '/repos/{owner}/{repo}/commits/{ref=**}',
      docs: '/commits/commits#get-a-commit',
      async handle(request) {
        const { repository, sha } = await commitOf(request, noCommit);
        const gitDir = gitDirOf(repository);
        const commit = await readCommit(git, gitDir, sha);
        return commitJson(origin, repository, commit, await commitFiles(git, gitDir, commit));
      },
    },
    {
      method: 'GET',
      path: '/repos/{owner}/{repo}/compare/{basehead=**}',
      docs: '/commits/commits#compare-two-commits',
      async handle(request) {
        const repository = repositoryOf(request);
        const gitDir = gitDirOf(repository);
        const [from = '', to = '', ...rest] = (request.params.basehead ?? '').split('...');
        // `owner:branch` would be a fork's, and there are none.
        if (rest.length > 0 || from.includes(':') || to.includes(':')) throw notFound();
        const [base, head] = await Promise.all([from, to].map((ref) => resolveCommit(git, gitDir, ref)));
        if (base === undefined || head === undefined) throw notFound();
        const comparison = await compareCommits(git, gitDir, base, head);
        if (!comparison) throw new GitHubError(404, `No common ancestor between ${from} and ${to}.`);
        const { items, headers } = paginate(request, origin, comparison.commits);
        const commits = await Promise.all(items.map((sha) => readCommit(git, gitDir, sha)));
        const isFirstPage = (request.query.get('page') ?? '1') === '1';
        return new Reply(200, comparisonJson(origin, repository, comparison, commits, isFirstPage), headers);
      },
    },
    {
      method: 'GET',
      path: '/repos/{owner}/{repo}/branches',
      docs: '/branches/branches#list-branches',
      async handle(request) {
        const repository = repositoryOf(request);
        const branches = await listRefs(git, gitDirOf(repository), 'refs/heads');
        const { items, headers } = paginate(request, origin, branches);
        const json = items.map(({ ref, sha }): Schemas['short-branch'] => ({
          name: ref.replace('refs/heads/', ''),
          commit: { sha, url: `${apiUrl(origin, repository)}/commits/${sha}` },
          protected: false,
        }));
        return new Reply(200, json, headers);
      },
    },
    {
      method: 'GET',
      path: '/repos/{owner}/{repo}/branches/{branch=**}',
      docs: '/branches/branches#get-a-branch',
      async handle(request) {
        const repository = repositoryOf(request);
        const name = request.params.branch ?? '';
        const full = `refs/heads/${name}`;
        const branches = isRefName(full) ? await listRefs(git, gitDirOf(repository), full) : [];
        const branch = branches.find(({ ref }) => ref === full);
        if (!branch) throw new GitHubError(404, 'Branch not found');
        const self = `${apiUrl(origin, repository)}/branches/${name}`;
        const json: Schemas['branch-with-protection'] = {
          name,
          commit: commitJson(origin, repository, await readCommit(git, gitDirOf(repository), branch.sha)),
          _links: { self, html: `${origin}/${repository.owner}/${repository.name}/tree/${name}` },
          protected: false,
          protection: { enabled: false },
          protection_url: `${self}/protection`,
        };
        return json;
      },
    },
    {
      method: 'GET',
      path: '/repos/{owner}/{repo}/git/ref/{ref=**}',
      docs: '/git/refs#get-a-reference',
      async handle(request) {
        const repository = repositoryOf(request);
        const full = `refs/${request.params.ref ?? ''}`;
        const refs = isRefName(full) ? await listRefs(git, gitDirOf(repository), full) : [];
        const found = refs.find(({ ref }) => ref === full);
        if (!found) {
          const isEmpty = (await listRefs(git, gitDirOf(repository))).length === 0;
          throw isEmpty ? new GitHubError(409, 'Git Repository is empty.') : notFound();
        }
        return refJson(origin, repository, found);
      },
    },
    {
      method: 'GET',
      path: '/repos/{owner}/{repo}/git/matching-refs/{ref=**}',
      docs: '/git/refs#list-matching-references',
      async handle(request) {
        const repository = repositoryOf(request);
        const prefix = `refs/${request.params.ref ?? ''}`;
        const refs = await listRefs(git, gitDirOf(repository), 'refs/heads', 'refs/tags');
        return refs
          .filter(({ ref }) => ref.startsWith(prefix))
          .map((ref) => refJson(origin, repository, ref));
      },
    },
  ];
}
