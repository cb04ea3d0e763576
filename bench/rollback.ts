import { setTimeout as sleep } from 'node:timers/promises';
import { openCloudRun } from '../functions/platform/cloud-run.ts';
import { openBucket } from '../functions/platform/cloud-storage.ts';
import { evidenceSchema } from '../functions/release/evidence.ts';
import { objects, type ReleaseKey } from '../functions/release/naming.ts';
import { isSettled, type Release } from '../functions/release/release.ts';
import { sharesOf } from '../functions/rollout/shares.ts';
import { isFailure } from '../functions/verification/check-runs.ts';
import { push, resolveCommit } from '../scripts/cli/git.ts';
import type { Session } from '../scripts/cli/session.ts';
import { remoteOf } from '../scripts/deliver.ts';
import { startLoad } from '../scripts/demo/load.ts';
import { stateBucket } from '../scripts/pipeline/pipeline.ts';
import { openViewer } from '../scripts/watch/snapshot.ts';
import type { FixtureRepo } from '../test/e2e/support/fixture-repo.ts';
import type { LocalSession } from './with-pipeline.ts';

/** What one bad release came to. Times in milliseconds. */
export interface Rollback {
  /** From the first bad answer to a probe to the verdict. */
  readonly toVerdictMs: number;
  /** From the first bad answer to a probe until Cloud Run served nothing of it any more. */
  readonly toRollbackMs: number;
  /** Bad answers that users got meanwhile, and all that they asked for. */
  readonly failed: number;
  readonly requests: number;
}

/** Between two requests of the load, and between two looks at what is served. */
const requestEveryMs = 20;
const lookEveryMs = 25;
/** Nothing takes that long that goes well. */
const patienceMs = 60_000;

/** Half of the traffic for longer than it takes to fail, judged by probes at this interval. */
export function usePolicy(repo: FixtureRepo, service: string, intervalSeconds: number): void {
  const steps = [{ percent: 50, atLeastSeconds: 60, atMostSeconds: 120 }];
  repo.configure({ [service]: { health: { intervalSeconds }, rollout: { steps } } });
}

/** Releases a commit that is healthy until users come, and waits until it is taken back. */
export async function measureRollback(
  session: LocalSession,
  repo: FixtureRepo,
  service: string,
  signal: AbortSignal,
): Promise<Rollback> {
  const { pipeline, api, githubApiUrl, githubToken } = session;
  const viewer = openViewer(pipeline, api, githubApiUrl, githubToken);
  const run = openCloudRun(api, pipeline.project, pipeline.region);
  repo.commit({ [service]: 'breaks-under-traffic' }, 'breaks under traffic');
  const commit = await resolveCommit(repo.folder, 'HEAD');

  /** The release, once it looks as asked; throws when it has ended before. */
  async function release(isSo: (release: Release) => boolean): Promise<Release> {
    for (;;) {
      signal.throwIfAborted();
      const found = await viewer.ledger.ofCommit(service, commit.sha);
      if (found && isSo(found)) return found;
      if (found && isSettled(found)) throw new Error(`${found.id} is ${found.stage} already`);
      await sleep(lookEveryMs);
    }
  }

  /** When the revision serves, or serves no more. */
  async function served(revision: string, wanted: boolean): Promise<number> {
    const giveUpAt = Date.now() + patienceMs;
    for (;;) {
      signal.throwIfAborted();
      if (Date.now() > giveUpAt)
        throw new Error(
          `${revision} ${wanted ? 'has no traffic yet' : 'still has traffic'} after ${patienceMs} ms`,
        );
      const found = await run.service(service);
      const percent = sharesOf(found?.serving ?? []).find((share) => share.revision === revision)?.percent;
      if ((percent ?? 0) > 0 === wanted) return Date.now();
      await sleep(lookEveryMs);
    }
  }

  await push(repo.folder, remoteOf(session), commit.sha, 'refs/heads/main');
  const { candidate } = await release(({ stage }) => stage === 'rolling-out');
  const revision = candidate?.revision ?? '';
  await served(revision, true);
  const { url } = await viewer.service(service);
  const load = startLoad(url, requestEveryMs);
  try {
    const backAt = await served(revision, false);
    const { failed, requests } = await load.stop();
    const ended = await release(({ stage }) => stage === 'rolled-back');
    const firstBadAt = await firstFailure(session, ended);
    const verdictAt = Date.parse(ended.steps.at(-1)?.verdict?.at ?? '');
    return { toVerdictMs: verdictAt - firstBadAt, toRollbackMs: backAt - firstBadAt, failed, requests };
  } finally {
    await load.stop();
  }
}

/** When the first probe began that was answered badly once the candidate had traffic. */
async function firstFailure({ api, pipeline }: Session, release: Release & ReleaseKey): Promise<number> {
  const stored = await openBucket(api, stateBucket(pipeline)).read(objects.evidence(release));
  const { probes } = evidenceSchema.parse(JSON.parse(stored?.text ?? 'null'));
  const since = release.steps[0]?.servingAt ?? '';
  const first = probes.find((probe) => probe.at >= since && isFailure(probe));
  if (!first) throw new Error(`${release.id} was taken back, but no probe of it has failed`);
  return Date.parse(first.at);
}
