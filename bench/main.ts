import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { push, resolveCommit, type Commit } from '../scripts/cli/git.ts';
import { parseCommand, runCommand } from '../scripts/cli/command.ts';
import { pipelineAt, type Session } from '../scripts/cli/session.ts';
import { createStyle, table } from '../scripts/cli/style.ts';
import { remoteOf, setUpLocally } from '../scripts/deliver.ts';
import { cloneAt } from '../scripts/demo/commits.ts';
import { stopOnSignals, withLocalCloud } from '../scripts/local-cloud.ts';
import { openViewer, type Snapshot } from '../scripts/watch/snapshot.ts';
import { allEnded } from '../scripts/watch/summary.ts';
import { createFixtureRepo } from '../test/e2e/support/fixture-repo.ts';
import { coldStarts } from './cold-start.ts';
import { readyAt, statusesWritten, timesOf } from './observe.ts';
import { shares } from './timeline.ts';

const help = `
npm run bench

Measures the pipeline on the local cloud, prints one table and writes it to bench/results.md.
Figures of this machine, in this moment: compare those of one run with one another.
`;

const root = path.resolve(import.meta.dirname, '..');
const rows: string[][] = [];
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
const progress = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

function record(what: string, value: string, note = ''): void {
  rows.push([what, value, note]);
  progress(`${what}: ${value} ${note}`);
}

type LocalSession = Session & { readonly origin: string };

interface Pushed {
  readonly snapshot: Snapshot;
  readonly at: number;
}

/** Pushes to main and looks until every release has ended and GitHub has the last word. */
async function pushAndWait(
  session: LocalSession,
  folder: string,
  commit: Commit,
  services: number,
): Promise<Pushed> {
  const viewer = openViewer(session.pipeline, session.api, session.githubApiUrl, session.githubToken);
  const at = Date.now();
  await push(folder, remoteOf(session), commit.sha, 'refs/heads/main');
  for (;;) {
    const snapshot = await viewer.snapshot(commit.sha);
    if (snapshot.builds.length === services && allEnded(snapshot) && (await viewer.unreported()).length === 0)
      return { snapshot, at };
    await sleep(200);
  }
}

/** `use` gets a local cloud of its own with the pipeline of `folder` set up. */
async function withPipeline(folder: string, use: (session: LocalSession) => Promise<void>): Promise<void> {
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
        record(
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

async function measureBoard(): Promise<void> {
  const clone = await cloneAt(root, (await resolveCommit(root, 'HEAD')).sha);
  const git = (...args: string[]): string =>
    execFileSync(
      'git',
      ['-C', clone.folder, '-c', 'user.name=bench', '-c', 'user.email=bench@slipway.invalid', ...args],
      { encoding: 'utf8' },
    );
  try {
    await withPipeline(clone.folder, async (session) => {
      const services = Object.keys(session.pipeline.services).length;
      for (const kind of ['cold', 'with the cache']) {
        for (const { folder } of Object.values(session.pipeline.services))
          await appendFile(path.join(clone.folder, folder, 'README.md'), `\n${kind}\n`);
        git('commit', '--quiet', '--no-verify', '--all', '-m', kind);
        const commit = await resolveCommit(clone.folder, 'HEAD');
        const { snapshot, at } = await pushAndWait(session, clone.folder, commit, services);
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

async function measureRelease(): Promise<void> {
  const repo = createFixtureRepo(['api']);
  try {
    repo.commit({ api: 'good' }, 'first');
    await withPipeline(repo.folder, async (session) => {
      const latencies: number[] = [];
      const written: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        repo.commit({ api: 'good' }, `good ${round}`);
        const commit = await resolveCommit(repo.folder, 'HEAD');
        const { snapshot, at } = await pushAndWait(session, repo.folder, commit, 1);
        for (const view of snapshot.builds) {
          const times = await timesOf(session, view, at);
          latencies.push(
            times.live - (await readyAt(session, view)) - (times.watched.to - times.watched.from),
          );
        }
        written.push((await statusesWritten(session, commit.sha)).length);
      }
      latencies.sort((a, b) => a - b);
      record(
        'revision ready → its traffic, without the watch',
        seconds(latencies[2] ?? 0),
        `median of 5, ${seconds(latencies[0] ?? 0)} to ${seconds(latencies[4] ?? 0)}`,
      );
      record('GitHub statuses a release costs', String(Math.max(...written)), 'the most of 5 good releases');

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

async function measureFunctions(): Promise<void> {
  const starts = await coldStarts(7);
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

const interrupted = stopOnSignals();

await runCommand(async () => {
  if (!parseCommand(help, {}, process.argv.slice(2))) return 0;
  await measureFunctions();
  await measureRelease();
  await measureBoard();
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;
  const lines = table([['what', 'figure', ''], ...rows]);
  process.stdout.write(`${lines.join('\n')}\n`);
  await mkdir(path.join(root, 'bench'), { recursive: true });
  const markdown = [
    '# Bench',
    '',
    `${machine}. Figures of one run: compare them with one another.`,
    '',
    '| what | figure | |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
  ];
  await writeFile(path.join(root, 'bench', 'results.md'), markdown.join('\n'));
  return 0;
});
