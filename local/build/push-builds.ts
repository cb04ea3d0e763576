import { randomUUID } from 'node:crypto';
import type protobuf from 'protobufjs';
import type { CloudContext } from '../core/context.ts';
import type { GitHost, GitPush } from '../core/links.ts';
import type { Table } from '../core/state.ts';
import type { BuildStore } from './build-store.ts';
import type { CreateBuild } from './create-build.ts';
import { noCommit, type Git } from './git.ts';
import { startTrigger, type PlacedTrigger } from './start-trigger.ts';
import { readRef, triggerRefusal } from './trigger-match.ts';

export interface PushBuildsLinks {
  readonly context: CloudContext;
  readonly git: Git;
  readonly host: GitHost;
  readonly store: BuildStore;
  readonly triggers: () => readonly PlacedTrigger[];
  readonly createBuild: CreateBuild;
  readonly descriptors: protobuf.Root;
  /** Pushes that are not worked off yet: a push that came just before a crash still builds. */
  readonly pending: Table<GitPush>;
}

/** Pushes become builds, one push after the other. */
export interface PushBuilds {
  receive(push: GitPush): void;
  /** Works off what an earlier run left. */
  resume(): void;
  /** Resolves when every push received so far has its builds. */
  settled(): Promise<void>;
}

export function createPushBuilds(links: PushBuildsLinks): PushBuilds {
  const { context, git, host, store, pending } = links;
  let queue: Promise<void> = Promise.resolve();

  const build = async (pushId: string, push: GitPush, triggers: readonly PlacedTrigger[]): Promise<void> => {
    const ref = readRef(push.ref);
    const gitDir = host.gitDir(push.owner, push.repository);
    // A deleted ref has no commit to build.
    if (!ref || gitDir === undefined || noCommit.test(push.after)) return;
    // An annotated tag is an object of its own; its commit is what is built.
    const commit = await git.commitOf(gitDir, push.after);
    if (commit === undefined) return;
    const { owner, repository } = push;
    const files = await git.changedFiles(gitDir, push);
    const commitMessage = await git.commitMessage(gitDir, commit);
    const pushed = { owner, repository, ...ref, files, commitMessage };
    const built = new Set(store.list().map(({ request }) => request.cause));
    for (const placed of triggers) {
      const cause = `${pushId}/${placed.trigger.id}`;
      if (built.has(cause)) continue;
      const refusal = triggerRefusal(placed.trigger, pushed);
      if (refusal === 'commit message' || refusal === 'files') {
        context.log(
          'info',
          `trigger ${placed.trigger.name}: no build for ${commit.slice(0, 7)} (${refusal})`,
        );
      }
      if (refusal === undefined)
        await startTrigger(placed, { owner, repository, gitDir, commit, ref }, links, { cause });
    }
  };

  const add = (pushId: string, push: GitPush): void => {
    // Those of now: a trigger that is created while the push waits its turn did not see it.
    const triggers = links.triggers();
    queue = queue
      .then(() => build(pushId, push, triggers))
      .catch((error: unknown) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        context.log(
          'error',
          `the push of ${push.ref} to ${push.owner}/${push.repository} could not be built: ${text}`,
        );
      })
      .then(() => {
        pending.delete(pushId);
      });
  };

  return {
    receive(push) {
      const pushId = `${String(context.clock.now()).padStart(15, '0')}-${randomUUID()}`;
      pending.set(pushId, push);
      add(pushId, push);
    },
    resume() {
      for (const [pushId, push] of pending.entries()) add(pushId, push);
    },
    settled: () => queue,
  };
}
