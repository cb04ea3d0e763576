import type { CloudContext } from '../core/context.ts';
import type { Image } from '../core/links.ts';
import type { Table } from '../core/state.ts';
import type { Launcher } from './launcher.ts';
import type { RevisionRecord } from './records.ts';
import { createRevisionRuntime, type RevisionRuntime } from './revision-runtime.ts';
import { StartFailure } from './start-failure.ts';

/** The runtimes of every revision, by full name. */
export interface RevisionPool {
  runtime(revision: string): RevisionRuntime;
  isRunning(revision: string): boolean;
  /** Throws StartFailure. */
  image(record: RevisionRecord): Image;
  /** Ends the instances of a revision for good. */
  remove(revision: string): Promise<void>;
  stop(): Promise<void>;
}

export function createRevisionPool(
  context: CloudContext,
  revisions: Table<RevisionRecord>,
  launcher: Launcher,
): RevisionPool {
  const runtimes = new Map<string, RevisionRuntime>();
  const runtime = (revision: string): RevisionRuntime => {
    const known = runtimes.get(revision);
    if (known) return known;
    const made = createRevisionRuntime(
      async (reason, signal) => {
        const record = revisions.get(revision);
        if (!record) throw new StartFailure('container', `The revision ${revision} has been deleted`);
        return launcher.start(record, reason, signal);
      },
      context.clock,
      (error) => {
        context.log('warning', `${revision}: ${(error as Error).message}`);
      },
    );
    runtimes.set(revision, made);
    return made;
  };
  return {
    runtime,
    isRunning: (revision) => runtimes.get(revision)?.isRunning() ?? false,
    image: (record) => launcher.image(record),
    async remove(revision) {
      const found = runtimes.get(revision);
      runtimes.delete(revision);
      await found?.stop();
      launcher.forget(revision);
    },
    async stop() {
      await Promise.all([...runtimes.values()].map((each) => each.stop()));
    },
  };
}
