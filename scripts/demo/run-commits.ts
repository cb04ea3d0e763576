import { setTimeout as sleep } from 'node:timers/promises';
import { push, type Commit } from '../cli/git.ts';
import type { Session } from '../cli/session.ts';
import { remoteOf } from '../deliver.ts';
import { openViewer, type Snapshot } from '../watch/snapshot.ts';
import { doingInWords, type Row } from './board.ts';
import { makeCommit } from './clone.ts';
import { branchesAtOnce, type DemoCommit } from './commits.ts';
import { hasEnded, viewOf } from './outcome.ts';
import { tell } from './what-it-said.ts';

export interface DemoRun {
  readonly session: Session & { readonly origin: string };
  /** The clone that the commits are made in. */
  readonly folder: string;
  /** The commit that they stand on, which is live. */
  readonly head: Commit;
  readonly interrupted: AbortSignal;
  /** Is told whatever becomes of a commit. */
  show(row: Row): void;
}

/** A look reads the build's log too, which the requests to the service make longer all the time. */
const lookMs = 1000;
/** One that has not ended by then hangs: no gate of the local cloud takes nearly as long. */
const longestSeconds = 600;
/** For GitHub to learn the last news of what has ended. */
const reportSeconds = 20;
/** A look is a handful of requests to a busy machine; as many in a row that fail are no accident. */
const failedLooks = 10;

/** Pushes the commits and shows what becomes of each: those on branches two at a time, then those on main in a row. */
export async function runCommits(commits: readonly DemoCommit[], run: DemoRun): Promise<void> {
  const { session, folder, head, interrupted, show } = run;
  const { branch } = session.pipeline.environment;
  // One clone, and so one commit at a time.
  const made = new Map<DemoCommit, Commit>();
  let parent = head.sha;
  for (const commit of commits) {
    const below = commit.to === 'main' ? parent : head.sha;
    const one = await makeCommit(folder, commit.onTop ? below : head.sha, below, commit);
    made.set(commit, one);
    if (commit.to === 'main') parent = one.sha;
  }

  const release = async (commit: DemoCommit): Promise<void> => {
    const one = made.get(commit);
    if (!one || interrupted.aborted) return;
    const ref = commit.to === 'main' ? branch : `demo/${commit.name}`;
    show({ commit, state: 'running', sha: one.sha, seconds: 0, doing: 'pushing' });
    await push(folder, remoteOf(session), one.sha, `refs/heads/${ref}`);
    await follow(commit, one, run);
  };

  const branches = commits.filter(({ to }) => to === 'branch');
  const worker = async (): Promise<void> => {
    for (let next = branches.shift(); next && !interrupted.aborted; next = branches.shift())
      await release(next);
  };
  await Promise.all(Array.from({ length: branchesAtOnce }, worker));
  for (const commit of commits) if (commit.to === 'main') await release(commit);
}

async function follow(commit: DemoCommit, { sha }: Commit, run: DemoRun): Promise<void> {
  const { session, interrupted, show } = run;
  const { pipeline, api, githubApiUrl, githubToken } = session;
  const viewer = openViewer(pipeline, api, githubApiUrl, githubToken);
  const started = Date.now();
  const elapsed = (): number => (Date.now() - started) / 1000;
  let endedAt: number | undefined;
  let failed = 0;
  while (!interrupted.aborted) {
    let snapshot: Snapshot;
    try {
      snapshot = await viewer.snapshot(sha);
      failed = 0;
    } catch (error) {
      failed += 1;
      if (failed >= failedLooks) throw error;
      await sleep(lookMs, undefined, { signal: interrupted }).catch(() => undefined);
      continue;
    }
    const view = viewOf(snapshot, commit);
    if (hasEnded(snapshot, commit)) endedAt ??= elapsed();
    const told = endedAt !== undefined && isReported(snapshot, commit);
    if (view && endedAt !== undefined && (told || elapsed() - endedAt > reportSeconds)) {
      const said = await tell(session, commit, snapshot, view);
      show({ commit, state: 'done', sha, seconds: endedAt, told: said });
      return;
    }
    const seconds = elapsed();
    if (seconds > longestSeconds) {
      const outcome = { kind: 'other', how: `not ended after ${longestSeconds} s` } as const;
      show({
        commit,
        state: 'done',
        sha,
        seconds,
        told: { outcome, github: '', own: '', speaker: '', warnings: [] },
      });
      return;
    }
    show({ commit, state: 'running', sha, seconds, doing: doingInWords(view) });
    await sleep(lookMs, undefined, { signal: interrupted }).catch(() => undefined);
  }
}

/** No status of the service is still pending: GitHub knows how it ended. */
const isReported = ({ statuses }: Snapshot, { service }: DemoCommit): boolean => {
  const own = statuses.filter(({ context }) => context.startsWith(`slipway/${service}/`));
  return own.length > 0 && own.every(({ state }) => state !== 'pending');
};
