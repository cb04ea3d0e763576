import { resolveCommit } from '../scripts/cli/git.ts';
import { createFixtureRepo } from '../test/e2e/support/fixture-repo.ts';
import { cloneBoard } from './board-commits.ts';
import { coldStarts } from './cold-start.ts';
import { readyAt, statusesWritten, timesOf } from './observe.ts';
import { percentile } from './percentile.ts';
import { measureRollback, usePolicy, type Rollback } from './rollback.ts';
import { requireBuilt } from './require-built.ts';
import { seconds } from './rows.ts';
import { shares } from './timeline.ts';
import { pushAndWait, withPipeline, type Bench } from './with-pipeline.ts';

async function measureBoard(root: string, bench: Bench): Promise<void> {
  const { record } = bench.rows;
  const clone = await cloneBoard(root);
  try {
    await withPipeline(clone.folder, bench, async (session) => {
      const readmes = Object.values(session.pipeline.services).map(({ folder }) => `${folder}/README.md`);
      const services = readmes.length;
      for (const kind of ['cold', 'with the cache']) {
        const commit = await clone.append(readmes, kind);
        const { snapshot, at } = await pushAndWait(session, clone.folder, commit, services);
        await requireBuilt(session, snapshot);
        const other = snapshot.builds.find(({ release }) => release?.stage !== 'live')?.release;
        if (other)
          throw new Error(`${other.id} is ${other.stage}, not live: ${other.history.at(-1)?.reason ?? ''}`);
        const times = await Promise.all(snapshot.builds.map((view) => timesOf(session, view, at)));
        const parts = times.map(shares);
        const [first] = await statusesWritten(session, commit.sha);
        record(
          `push → first pending status, ${kind}`,
          `≤ ${seconds(Math.max(0, Date.parse(first?.created_at ?? '') + 999 - at))}`,
          'GitHub keeps whole seconds',
        );
        record(
          `push → all ${services} services live, ${kind}`,
          seconds(Math.max(...parts.map(({ totalMs }) => totalMs))),
        );
        snapshot.builds.forEach(({ service }, index) => {
          const part = parts[index];
          if (!part) return;
          record(
            `  ${service}`,
            seconds(part.totalMs),
            `steps ${seconds(part.stepsMs)}, queue ${seconds(part.queueMs)}, watch ${seconds(part.watchMs)}, own ${seconds(part.ownMs)} = ${((100 * part.ownMs) / part.totalMs).toFixed(1)} %`,
          );
        });
      }
    });
  } finally {
    await clone.remove();
  }
}

async function measureRelease(bench: Bench): Promise<void> {
  const { record } = bench.rows;
  const repo = createFixtureRepo(['api']);
  try {
    repo.commit({ api: 'good' }, 'first');
    await withPipeline(repo.folder, bench, async (session) => {
      const latencies: number[] = [];
      const written: number[] = [];
      for (let round = 0; round < bench.rounds(5); round += 1) {
        repo.commit({ api: 'good' }, `good ${round}`);
        const commit = await resolveCommit(repo.folder, 'HEAD');
        const { snapshot, at } = await pushAndWait(session, repo.folder, commit, 1);
        for (const view of snapshot.builds) {
          const times = await timesOf(session, view, at);
          const [first] = times.served;
          if (!first) throw new Error(`${view.build.name} was released without traffic`);
          latencies.push(
            first.from - (await readyAt(session, view)) - (times.watched.to - times.watched.from),
          );
        }
        written.push((await statusesWritten(session, commit.sha)).length);
      }
      record(
        'revision ready → its traffic, without the watch',
        seconds(percentile(latencies, 0.5)),
        `median of ${latencies.length}, ${seconds(Math.min(...latencies))} to ${seconds(Math.max(...latencies))}`,
      );
      record(
        'GitHub statuses a release costs',
        String(Math.max(...written)),
        `the most of ${written.length} good releases`,
      );

      repo.commit({ api: 'crashes-at-start' }, 'crash');
      const commit = await resolveCommit(repo.folder, 'HEAD');
      const { snapshot } = await pushAndWait(session, repo.folder, commit, 1);
      const [view] = snapshot.builds;
      if (view) {
        const crashed = await readyAt(session, view);
        const verdict = Date.parse(view.release?.verdict?.at ?? '');
        const status = (await statusesWritten(session, commit.sha)).find(
          ({ context, state }) => context.endsWith('/verify') && state === 'failure',
        );
        record('crashing candidate → verdict', seconds(verdict - crashed));
        record(
          'crashing candidate → failure status',
          `≤ ${seconds(Math.max(0, Date.parse(status?.created_at ?? '') + 999 - crashed))}`,
          'GitHub keeps whole seconds',
        );
      }
    });
  } finally {
    repo.remove();
  }
}

async function measureFunctions({ rows: { record }, rounds }: Bench): Promise<void> {
  const starts = await coldStarts(rounds(7));
  const empty = starts.find(({ name }) => name === 'empty');
  for (const { name, medianMs, residentMb } of starts) {
    const ratio =
      empty && name !== 'empty' ? `${(medianMs / empty.medianMs).toFixed(1)}× an empty function, ` : '';
    record(
      `cold start of ${name}`,
      `${medianMs.toFixed(0)} ms`,
      `${ratio}${residentMb.toFixed(0)} MB resident`,
    );
  }
}

/** Probes of the default policy, and those that a team may ask for that wants to be out again sooner. */
const probeIntervals = [1, 0.2];

async function measureRollbacks(bench: Bench): Promise<void> {
  const { record } = bench.rows;
  const repo = createFixtureRepo(['api']);
  try {
    repo.commit({ api: 'good' }, 'first');
    await withPipeline(repo.folder, bench, async (session) => {
      await pushAndWait(session, repo.folder, await resolveCommit(repo.folder, 'HEAD'), 1);
      for (const intervalSeconds of probeIntervals) {
        usePolicy(repo, 'api', intervalSeconds);
        const seen: Rollback[] = [];
        for (let round = 0; round < bench.rounds(7); round += 1)
          seen.push(await measureRollback(session, repo, 'api', bench.interrupted));
        const middle = (of: (one: Rollback) => number): number => percentile(seen.map(of), 0.5);
        const worst = (of: (one: Rollback) => number): number => percentile(seen.map(of), 0.95);
        const total = (of: (one: Rollback) => number): number => seen.reduce((sum, one) => sum + of(one), 0);
        const when = `probes every ${intervalSeconds} s`;
        record(
          `first bad answer to a probe → nothing serves it, ${when}`,
          `${seconds(middle(({ toRollbackMs }) => toRollbackMs))}, p95 ${seconds(worst(({ toRollbackMs }) => toRollbackMs))}`,
          `of ${seen.length}, third bad answer in a row decides; verdict after ${seconds(middle(({ toVerdictMs }) => toVerdictMs))}, p95 ${seconds(worst(({ toVerdictMs }) => toVerdictMs))}`,
        );
        record(
          `bad answers to users meanwhile, ${when}`,
          `${middle(({ failed }) => failed)}, p95 ${worst(({ failed }) => failed)}`,
          `at 50 requests a second, half of them to the candidate; ${total(({ failed }) => failed)} of ${total(({ requests }) => requests)} in all`,
        );
      }
    });
  } finally {
    repo.remove();
  }
}

/** All that there is to measure of the pipeline in `root`, one after the other: two at once would measure one another. */
export async function benchPipeline(root: string, bench: Bench): Promise<void> {
  await measureFunctions(bench);
  await measureRelease(bench);
  await measureRollbacks(bench);
  await measureBoard(root, bench);
}
