import type { CloudContext } from '../core/context.ts';
import type { GitPush } from '../core/links.ts';
import type { Table } from '../core/state.ts';
import { refChanges, type Refs } from './refs.ts';

/** Tells listeners of every ref that changed, at least once, whatever happens in between. */
export interface PushAnnouncer {
  add(listener: (push: GitPush) => void): void;
  /** Announces how `refs` differ from what was announced before. */
  announce(owner: string, repository: string, refs: Refs): void;
}

/**
 * `announced` holds, for each repository, the refs the listeners have heard of. It is written after they were told, so
 * a push that nobody heard (no listener yet, one that threw, a process that died) is found again at the next look.
 */
export function createPushAnnouncer(announced: Table<Refs>, log: CloudContext['log']): PushAnnouncer {
  const listeners: ((push: GitPush) => void)[] = [];
  const tell = (push: GitPush): boolean => {
    try {
      for (const listener of listeners) listener(push);
      return true;
    } catch (error) {
      const { owner, repository, ref } = push;
      log(
        'error',
        `The push to ${ref} of ${owner}/${repository} could not be handled; it is announced again at the next push or start: ${String(error)}`,
      );
      return false;
    }
  };
  return {
    add(listener) {
      listeners.push(listener);
    },
    announce(owner, repository, refs) {
      if (listeners.length === 0) return;
      const key = `${owner}/${repository}`.toLowerCase();
      for (const change of refChanges(announced.get(key) ?? {}, refs)) {
        if (!tell({ owner, repository, ...change })) continue;
        // Spelt out anew for each ref: what was told must not be told again because a later one failed.
        const heard = new Map(Object.entries(announced.get(key) ?? {}));
        const after = refs[change.ref];
        if (after === undefined) heard.delete(change.ref);
        else heard.set(change.ref, after);
        announced.set(key, Object.fromEntries(heard));
      }
    },
  };
}
