import path from 'node:path';
import { parseCommand, parsePort, runCommand } from './cli/command.ts';
import { resolveCommit, workingTree, type Commit } from './cli/git.ts';
import { openSession, pipelineAt, type Session } from './cli/session.ts';
import { createStyle, table, useColours, type Style } from './cli/style.ts';
import { UserError } from './cli/user-error.ts';
import { deliver, setUpLocally, type Delivery } from './deliver.ts';
import { cloneAt, demoCommits, makeCommit } from './demo/commits.ts';
import { startLoad } from './demo/load.ts';
import { stopOnSignals, withLocalCloud } from './local-cloud.ts';
import type { Snapshot } from './watch/snapshot.ts';
import { allLive, summarise } from './watch/summary.ts';

const help = `
npm run demo -- [options]

Pushes three commits on top of HEAD to the local cloud, one after the other, and shows what becomes of each: one that
breaks the api at its start, one that answers its health check badly, one that is good again. Requests go to the api's
address all along and are counted. The commits are made in a temporary clone; your checkout is not touched.
It uses the local cloud that runs on --state, or starts one.

  --port N      the port, when it starts one (default 4600; 0 picks a free one)
  --state DIR   the local cloud's folder (default .local)
  --help        this text
`;

const options = {
  port: { type: 'string', default: '4600' },
  state: { type: 'string', default: '.local' },
} as const;

const requestEveryMs = 25;
const service = 'api';

interface Outcome {
  readonly commit: Commit;
  readonly seconds: number;
  readonly snapshot: Snapshot;
}

async function main(): Promise<number> {
  const parsed = parseCommand(help, options, process.argv.slice(2));
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  if (positionals.length > 0)
    throw new UserError(`${positionals.join(' ')} means nothing to npm run demo; --help lists the options`, {
      exitCode: 2,
    });
  const port = parsePort(values.port);
  const root = await workingTree('.');
  const commit = await resolveCommit(root, 'HEAD');
  const pipeline = await pipelineAt(root, commit.sha, 'local');
  if (!(service in pipeline.services))
    throw new UserError(`the demo breaks a service named ${service}, which pipeline.yaml does not have`);
  const stateFolder = path.resolve(values.state);
  const interrupted = stopOnSignals();
  const show = (session: Session & { readonly origin: string }): Promise<number> =>
    demonstrate({ session, root, commit, interrupted });

  const running = await openSession({ environment: 'local', state: stateFolder, repo: root }).catch(
    (error: unknown) => {
      if (error instanceof UserError) return undefined;
      throw error;
    },
  );
  const { origin } = running ?? {};
  return running && origin !== undefined
    ? show({ ...running, origin })
    : withLocalCloud({ stateFolder, port, fresh: false, root, commit, pipeline }, show);
}

async function demonstrate({
  session,
  root,
  commit,
  interrupted,
}: Pick<Delivery, 'session' | 'root' | 'commit' | 'interrupted'>): Promise<number> {
  const stopped = (): boolean => interrupted.aborted;
  const style = createStyle(useColours(process.stdout));
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const common = {
    session,
    interrupted,
    style,
    say,
    display: process.stdout.isTTY ? 'live' : 'lines',
  } as const;
  const head: Delivery = { ...common, root, commit };
  await setUpLocally(head);
  const before = summarise(await deliver(head));
  if (stopped()) return 130;
  const address = before.find((release) => release.service === service)?.url;
  if (!allLive(before) || !address)
    throw new UserError(
      `HEAD itself is not live, so there is nothing to protect: ${before.map(({ reason }) => reason).join('; ')}`,
    );

  const clone = await cloneAt(root, commit.sha);
  const load = startLoad(new URL('/messages', address).href, requestEveryMs);
  const outcomes: Outcome[] = [];
  try {
    for (const change of demoCommits) {
      if (stopped()) return 130;
      say(`\n${style.strong(change.subject)}`);
      const made = await makeCommit(clone.folder, commit.sha, change);
      const started = Date.now();
      const snapshot = await deliver({ ...common, root: clone.folder, commit: made });
      outcomes.push({ commit: made, seconds: (Date.now() - started) / 1000, snapshot });
    }
  } finally {
    await load.stop();
    await clone.remove();
  }
  if (stopped()) return 130;
  const { requests, failed } = load.count();
  for (const line of ['', ...outcomeTable(outcomes, style), '']) say(line);
  const sent = `${requests} requests went to ${address} meanwhile, ${failed} of them failed.`;
  say(failed === 0 ? style.good(sent) : style.bad(sent));
  const stages = outcomes.map(
    ({ snapshot }) => summarise(snapshot).find((release) => release.service === service)?.stage,
  );
  return failed === 0 && stages.join() === 'failed,failed,live' ? 0 : 1;
}

/** Which commit was caught, where, after how long, and what GitHub says. */
function outcomeTable(outcomes: readonly Outcome[], style: Style): string[] {
  const rows = outcomes.map(({ commit, seconds, snapshot }) => {
    const bad = snapshot.statuses.find(
      ({ context, state }) => context.startsWith(`slipway/${service}/`) && state !== 'success',
    );
    const stage = summarise(snapshot).find((release) => release.service === service)?.stage ?? '?';
    return [
      commit.sha.slice(0, 7),
      commit.subject,
      bad ? style.bad(`caught by ${bad.context.split('/')[2] ?? ''}`) : style.good(stage),
      `${seconds.toFixed(1)} s`,
      bad?.description ?? '',
    ];
  });
  return table([['commit', 'change', 'outcome', 'after', 'GitHub says'].map(style.dim), ...rows]);
}

await runCommand(main);
