import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CloudContext } from '../core/context.ts';
import { createKeyedQueue } from '../core/keyed-queue.ts';
import type { GitHost } from '../core/links.ts';
import { handled, type ApiRequest, type Room, type Route } from '../core/room.ts';
import { commitPage } from './commit-page.ts';
import { commitFiles, readCommit } from './commits.ts';
import { githubEndpoints } from './endpoints.ts';
import { createGit } from './git.ts';
import { createPushAnnouncer } from './push-announcer.ts';
import { readRefs, resolveCommit, type Refs } from './refs.ts';
import { createRepositories, type Repository } from './repositories.ts';
import { restRoutes, type ContentLimits } from './rest.ts';
import { smartHttpRoutes } from './smart-http.ts';
import { createStatuses, latestPerContext, type CommitStatus } from './statuses.ts';

export interface GitHubOptions {
  /** Whose token every token is taken for. */
  readonly login?: string;
  /** GitHub's limits on creating content (`githubContentLimits`); not enforced when absent. */
  readonly contentLimits?: ContentLimits;
}

export interface GitHubRoom {
  readonly room: Room;
  readonly git: GitHost;
}

/** What a push prints, as `remote: …`: where to watch each new head. */
const postReceiveHook = `#!/bin/sh
while read -r before after ref; do
  case $after in
    *[!0]*) echo "\${ref#refs/*/}: watch it at $COMMIT_PAGES/$after" ;;
  esac
done
`;

/** Writes the hooks every repository shares; returns their folder. */
function writeHooks(folder: string): string {
  const hooks = path.join(folder, 'hooks');
  mkdirSync(hooks, { recursive: true });
  writeFileSync(path.join(hooks, 'post-receive'), postReceiveHook, { mode: 0o755 });
  return hooks;
}

/** GitHub: a git remote over smart HTTP, and of the REST API the repositories, commits, refs and statuses. */
export function createGitHubRoom(context: CloudContext, options: GitHubOptions = {}): GitHubRoom {
  const { origin, clock } = context;
  const log: CloudContext['log'] = (level, message) => {
    context.log(level, message);
  };
  const now = (): number => clock.now();
  const tools = context.folder('github', 'tools');
  const git = createGit(context, tools, writeHooks(tools));
  const repositories = createRepositories(
    git,
    context.table<Repository>('github', 'repositories'),
    context.folder('github', 'git'),
    now,
  );
  const statuses = createStatuses(context.table<CommitStatus>('github', 'statuses'), now);
  const announcer = createPushAnnouncer(context.table<Refs>('github', 'announced-refs'), log);
  const queue = createKeyedQueue();
  let started = false;

  const announce = async ({ owner, name }: Repository): Promise<void> => {
    if (!started) return;
    announcer.announce(owner, name, await readRefs(git, repositories.gitDir(owner, name)));
  };
  const announceAll = async (): Promise<void> => {
    await Promise.all(
      repositories
        .list()
        .map((repository) =>
          queue(`${repository.owner}/${repository.name}`.toLowerCase(), () => announce(repository)),
        ),
    );
  };

  let empty: Promise<string> | undefined;
  const makeEmptyRepository = async (): Promise<string> => {
    const folder = path.join(tools, 'empty.git');
    if (!existsSync(path.join(folder, 'HEAD'))) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      await git.output(folder, ['init', '--quiet', '--bare', '--template=']);
    }
    return folder;
  };

  const page = async (request: ApiRequest): Promise<typeof handled> => {
    const { owner = '', repo = '', sha: ref = '' } = request.params;
    const repository = repositories.find(owner, repo);
    const gitDir = repository && repositories.gitDir(owner, repo);
    const sha = gitDir === undefined ? undefined : await resolveCommit(git, gitDir, ref);
    const { response } = request;
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    };
    if (repository === undefined || gitDir === undefined || sha === undefined) {
      response.writeHead(404, headers);
      response.end(
        '<!doctype html><meta charset="utf-8"><title>Not found</title><p>There is no such commit here.\n',
      );
      return handled;
    }
    const commit = await readCommit(git, gitDir, sha);
    const files = await commitFiles(git, gitDir, commit);
    const latest = latestPerContext(statuses.list(repository.id, sha));
    response.writeHead(200, headers);
    response.end(commitPage(repository, commit, files, latest));
    return handled;
  };

  const routes: Route[] = [
    ...smartHttpRoutes({
      git,
      repositories,
      queue,
      origin,
      emptyRepository: () => (empty ??= makeEmptyRepository()),
      pushed: announce,
      log,
    }),
    ...restRoutes(
      clock,
      options.contentLimits,
      githubEndpoints({ origin, git, repositories, statuses, queue, login: options.login ?? 'local' }),
    ),
    { method: 'GET', path: '/{owner}/{repo}/commit/{sha}', handle: page },
  ];

  return {
    room: {
      name: 'github',
      routes,
      async start() {
        started = true;
        await announceAll();
      },
    },
    git: {
      gitDir: (owner, repository) =>
        repositories.find(owner, repository) && repositories.gitDir(owner, repository),
      onPush(listener) {
        announcer.add(listener);
        // Whoever comes late hears of what nobody heard of so far.
        if (started) {
          announceAll().catch((error: unknown) => {
            log('error', `Pushes could not be announced: ${String(error)}`);
          });
        }
      },
    },
  };
}
