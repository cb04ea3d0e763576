import { readdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { defaultQueueTtl } from './build-rules.ts';
import type { BuildRecord } from './build-store.ts';
import { hasEnded, type Build } from './build-types.ts';
import { createConductor, type ConductorOptions } from './conduct-build.ts';
import { durationMs } from './durations.ts';
import { createHalt, type Halt } from './halt.ts';
import type { StepProgress } from './run-steps.ts';

/** How many builds run side by side when nothing else is said: a build is rarely busy all the time. */
export const defaultConcurrency = (): number => Math.max(4, cpus().length);

/** Runs builds in the order of their creation, a few at a time. */
export interface BuildQueue {
  enqueue(id: string): void;
  /** Ends a build that could not even be begun, with the reasons in its log. */
  refuse(id: string, reasons: readonly string[]): void;
  /** Ends the build, wherever it is, with CANCELLED; its processes are gone when this resolves. */
  cancel(id: string): Promise<void>;
  /** The steps of a build under way. */
  progress(id: string): readonly StepProgress[] | undefined;
  /** Takes up what an earlier run left: what was under way begins again, what was queued stays queued. */
  resume(): void;
  /** Ends what runs, without a verdict: it is taken up at the next start. */
  stop(): Promise<void>;
}

interface Running {
  readonly halt: Halt;
  readonly ended: Promise<void>;
  progress: readonly StepProgress[];
}

/** How long a build may still wait. The time of one that waited for approval begins with the approval. */
function timeLeftMs({ approval, createTime, queueTtl = defaultQueueTtl }: Build, nowMs: number): number {
  const sinceMs = Date.parse(approval?.result?.approvalTime ?? createTime);
  return Math.max(0, sinceMs + (durationMs(queueTtl) ?? 0) - nowMs);
}

export function createBuildQueue({
  concurrency,
  ...options
}: ConductorOptions & { readonly concurrency: number }): BuildQueue {
  const { store, workspaces } = options;
  const { clock } = options.links.context;
  const conductor = createConductor(options);
  const waiting: string[] = [];
  const expiries = new Map<string, () => void>();
  const running = new Map<string, Running>();
  let isStopped = false;

  const leave = (id: string): void => {
    const at = waiting.indexOf(id);
    if (at >= 0) waiting.splice(at, 1);
    expiries.get(id)?.();
    expiries.delete(id);
  };

  const begin = (id: string): void => {
    const halt = createHalt();
    const run = (): Promise<void> =>
      conductor.run(id, halt, (progress) => {
        entry.progress = progress;
      });
    const entry: Running = {
      halt,
      progress: [],
      // A turn later, so that the request that made the build is answered with QUEUED.
      ended: Promise.resolve()
        .then(run)
        .finally(() => {
          running.delete(id);
          pump();
        }),
    };
    running.set(id, entry);
  };

  const pump = (): void => {
    while (!isStopped && running.size < concurrency) {
      const id = waiting[0];
      if (id === undefined) return;
      leave(id);
      begin(id);
    }
  };

  const expire = (id: string, queueTtl: string): void => {
    leave(id);
    const statusDetail = `the build waited in the queue for longer than ${queueTtl}`;
    store.change(id, { status: 'EXPIRED', statusDetail });
  };

  const enqueue = (id: string): void => {
    const { build } = store.get(id);
    waiting.push(id);
    const leftMs = timeLeftMs(build, clock.now());
    expiries.set(
      id,
      clock.after(leftMs, () => {
        expire(id, build.queueTtl ?? defaultQueueTtl);
      }),
    );
    pump();
  };

  return {
    enqueue,
    refuse(id, reasons) {
      conductor.refuse(id, reasons);
    },
    async cancel(id) {
      leave(id);
      const entry = running.get(id);
      if (entry) {
        entry.halt.end('cancelled');
        await entry.ended;
      }
      const { approval, status } = store.get(id).build;
      if (hasEnded(status)) return;
      const unapproved =
        approval?.state === 'PENDING' ? { approval: { ...approval, state: 'CANCELLED' as const } } : {};
      store.change(id, { status: 'CANCELLED', ...unapproved });
    },
    progress: (id) => running.get(id)?.progress,
    resume() {
      // Of a build that is not under way nothing is needed any more.
      for (const name of readdirSync(workspaces)) {
        rmSync(path.join(workspaces, name), { recursive: true, force: true });
      }
      const oldestFirst = (a: BuildRecord, b: BuildRecord): number => a.sequence - b.sequence;
      const left = store.list().sort(oldestFirst);
      const idsOf = (status: Build['status']): string[] =>
        left.flatMap(({ build }) => (build.status === status ? [build.id] : []));
      // What was under way has its wait in the queue behind it.
      waiting.push(...idsOf('WORKING'));
      for (const id of idsOf('QUEUED')) enqueue(id);
      pump();
    },
    async stop() {
      isStopped = true;
      for (const cancelExpiry of expiries.values()) cancelExpiry();
      for (const { halt } of running.values()) halt.end('stopped');
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
