import {
  GitHubBusyError,
  maxDescriptionLength,
  type CommitStatus,
  type GitHub,
} from '../../../functions/platform/github.ts';
import { errors, type Invocation } from './processes.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

export interface PostedStatus extends CommitStatus {
  readonly at: number;
}

/** GitHub: a branch with a head, and the statuses at its commits. */
export interface Hub {
  github(invocation: Invocation): GitHub;
  push(branch: string, commit: string): void;
  head(branch: string): string | undefined;
  /** What stands at a commit: by context all that was posted, the newest last. */
  statuses(commit: string): ReadonlyMap<string, readonly PostedStatus[]>;
  readonly posts: number;
}

export function createHub(clock: VirtualClock, trace: Trace): Hub {
  const heads = new Map<string, string>();
  const commits = new Map<string, Map<string, PostedStatus[]>>();
  let posts = 0;
  const kinds = [...errors, 'limited'] as const;
  const limit = (): Error =>
    new GitHubBusyError('GitHub asks to be left alone for 60 s', 60, { cause: new Error('429') });
  return {
    get posts() {
      return posts;
    },
    push(branch, commit) {
      heads.set(branch, commit);
      if (!commits.has(commit)) commits.set(commit, new Map());
    },
    head: (branch) => heads.get(branch),
    statuses: (commit) => commits.get(commit) ?? new Map<string, PostedStatus[]>(),
    github: (invocation) => ({
      createStatus: (commit, status) =>
        invocation.call(
          `status ${status.context}`,
          () => {
            const contexts = commits.get(commit);
            if (!contexts) return { accepted: false, reason: `No commit found for SHA: ${commit}` } as const;
            if (status.description.length > maxDescriptionLength)
              return { accepted: false, reason: 'description is too long' } as const;
            posts += 1;
            trace(
              `${invocation.key} posts ${status.context} of ${commit.slice(0, 7)}: ${status.state}, ${status.description}`,
            );
            const list = contexts.get(status.context) ?? [];
            contexts.set(status.context, [...list, { ...status, at: clock.now() }]);
            return { accepted: true } as const;
          },
          kinds,
          { limit },
        ),
      branchHead: (branch) => invocation.call(`head ${branch}`, () => heads.get(branch), kinds, { limit }),
    }),
  };
}
