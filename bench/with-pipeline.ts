import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { push, resolveCommit, type Commit } from '../scripts/cli/git.ts';
import { pipelineAt, type Session } from '../scripts/cli/session.ts';
import { createStyle } from '../scripts/cli/style.ts';
import { remoteOf, setUpLocally } from '../scripts/deliver.ts';
import { withLocalCloud } from '../scripts/local-cloud.ts';
import { openViewer, type Snapshot } from '../scripts/watch/snapshot.ts';
import { allEnded } from '../scripts/watch/summary.ts';
import { seconds, type Rows } from './rows.ts';

export type LocalSession = Session & { readonly origin: string };

export interface Bench {
  readonly rows: Rows;
  /** How often something is measured that is to be measured so often. */
  readonly rounds: (wanted: number) => number;
  readonly interrupted: AbortSignal;
}

export interface Pushed {
  readonly snapshot: Snapshot;
  readonly at: number;
}

/** Between two looks at a push, and so many of them may fail in a row: a machine that is measured is a busy one. */
const lookEveryMs = 200;
const failedLooks = 10;

/** Pushes to main and looks until every release has ended and GitHub has the last word. */
export async function pushAndWait(
  session: LocalSession,
  folder: string,
  commit: Commit,
  services: number,
): Promise<Pushed> {
  const viewer = openViewer(session.pipeline, session.api, session.githubApiUrl, session.githubToken);
  const at = Date.now();
  await push(folder, remoteOf(session), commit.sha, 'refs/heads/main');
  let failed = 0;
  for (;;) {
    try {
      const snapshot = await viewer.snapshot(commit.sha);
      if (
        snapshot.builds.length === services &&
        allEnded(snapshot) &&
        (await viewer.unreported()).length === 0
      )
        return { snapshot, at };
      failed = 0;
    } catch (error) {
      failed += 1;
      if (failed > failedLooks) throw error;
    }
    await sleep(lookEveryMs);
  }
}

/** `use` gets a local cloud of its own with the pipeline of `folder` set up. */
export async function withPipeline(
  folder: string,
  { rows, interrupted }: Bench,
  use: (session: LocalSession) => Promise<void>,
): Promise<void> {
  const stateFolder = await mkdtemp(path.join(tmpdir(), 'slipway-bench-'));
  const commit = await resolveCommit(folder, 'HEAD');
  const pipeline = await pipelineAt(folder, 'HEAD', 'local');
  try {
    await withLocalCloud(
      { stateFolder, port: 0, fresh: false, root: folder, commit, pipeline },
      async (session) => {
        const started = Date.now();
        await setUpLocally({
          session,
          root: folder,
          commit,
          display: 'lines',
          style: createStyle(false),
          interrupted,
          say: () => undefined,
        });
        rows.record(
          `set-up, ${Object.keys(pipeline.services).length} services`,
          seconds(Date.now() - started),
          'on an empty state',
        );
        await use(session);
      },
    );
  } finally {
    await rm(stateFolder, { recursive: true, force: true });
  }
}
