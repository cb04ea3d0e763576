import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { findBrowser } from './builder/smoke/find-browser.ts';
import { parseCommand, parsePort, runCommand } from './cli/command.ts';
import { resolveCommit, workingTree } from './cli/git.ts';
import { openSession, pipelineAt, type Session } from './cli/session.ts';
import { createStyle, table, useColours } from './cli/style.ts';
import { UserError } from './cli/user-error.ts';
import { deliver, setUpLocally, type Delivery } from './deliver.ts';
import { inMinutes, newsOf, renderBoard, type Row } from './demo/board.ts';
import { cloneAt } from './demo/clone.ts';
import { chooseCommits, demoCommits, expectedInWords, expectedSeconds } from './demo/commits.ts';
import type { DemoCommit } from './demo/commits.ts';
import { startLoad } from './demo/load.ts';
import { allAsExpected, outcomeTable } from './demo/outcome-table.ts';
import { runCommits } from './demo/run-commits.ts';
import { createScreen } from './demo/screen.ts';
import { stopOnSignals, withLocalCloud } from './local-cloud.ts';
import { allLive, summarise } from './watch/summary.ts';

const help = `
npm run demo -- [options]

Pushes ${demoCommits.length} commits on top of HEAD to the local cloud, each with a mistake of its own kind, and shows which gate catches
it, after how long, and what it says. Requests go to the api's address all along and are counted. Ends with a table; the
exit code is 0 if every commit came to what it was to come to and no request failed.

The checks of the first commits run on branches of their own, two at a time; the others go to main, one after the other.
They are made in a temporary clone; your checkout is not touched. It uses the local cloud that runs on --state, or starts
one: then HEAD is released first. All take about ${inMinutes(expectedSeconds(demoCommits))} on two busy cores.

  --list        the commits, and what is to catch each
  --only A,B    only these
  --port N      the port, when it starts a local cloud (default 4600; 0 picks a free one)
  --state DIR   the local cloud's folder (default .local)
  --help        this text
`;

const options = {
  list: { type: 'boolean', default: false },
  only: { type: 'string' },
  port: { type: 'string', default: '4600' },
  state: { type: 'string', default: '.local' },
} as const;

const requestEveryMs = 50;
/** The service that the requests go to. */
const service = 'api';
const drawMs = 1000;

async function main(): Promise<number> {
  const parsed = parseCommand(help, options, process.argv.slice(2));
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  if (positionals.length > 0)
    throw new UserError(`${positionals.join(' ')} means nothing to npm run demo; --help lists the options`, {
      exitCode: 2,
    });
  const commits = chooseCommits(values.only);
  if (values.list) {
    for (const line of list(commits)) process.stdout.write(`${line}\n`);
    return 0;
  }
  const port = parsePort(values.port);
  const root = await workingTree('.');
  const commit = await resolveCommit(root, 'HEAD');
  const pipeline = await pipelineAt(root, commit.sha, 'local');
  const missing = commits.find((each) => !(each.service in pipeline.services));
  if (missing)
    throw new UserError(
      `the demo changes a service named ${missing.service}, which pipeline.yaml does not have`,
    );
  const stateFolder = path.resolve(values.state);
  const interrupted = stopOnSignals();
  const show = (session: Session & { readonly origin: string }): Promise<number> =>
    demonstrate({ session, root, commit, interrupted, commits });

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

function list(commits: readonly DemoCommit[]): string[] {
  const style = createStyle(useColours(process.stdout));
  return table([
    ['name', 'change', 'is to end as', 'pushed to', 'about'].map(style.dim),
    ...commits.map(({ name, subject, expected, to, seconds }) => [
      style.strong(name),
      subject,
      expectedInWords(expected),
      to === 'main' ? 'main' : `demo/${name}`,
      `${seconds} s`,
    ]),
  ]);
}

async function demonstrate({
  session,
  root,
  commit,
  interrupted,
  commits,
}: Pick<Delivery, 'session' | 'root' | 'commit' | 'interrupted'> & {
  readonly commits: readonly DemoCommit[];
}): Promise<number> {
  const stopped = (): boolean => interrupted.aborted;
  const style = createStyle(useColours(process.stdout));
  const isTerminal = process.stdout.isTTY;
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const head: Delivery = {
    ...{ session, root, commit, interrupted, style, say },
    display: isTerminal ? 'live' : 'lines',
  };
  await setUpLocally(head);
  const before = summarise(await deliver(head)).filter(
    (release) => release.service === service || commits.some((each) => each.service === release.service),
  );
  if (stopped()) return 130;
  const address = before.find((release) => release.service === service)?.url;
  if (!allLive(before) || !address)
    throw new UserError(
      `HEAD itself is not live, so there is nothing to protect: ${before.map((release) => `${release.service}: ${release.reason}`).join('; ')}`,
    );

  const rows = new Map(commits.map((each) => [each, firstRow(each)]));
  const pushed = commits.filter((each) => rows.get(each)?.state === 'waiting');
  const about = expectedSeconds(pushed);
  say(
    `\n${style.strong(`HEAD is live. Now ${pushed.length} commits that are not like it`)}, in about ${inMinutes(about)}. Ctrl-C ends it.\n`,
  );
  const clone = await cloneAt(root, commit.sha);
  const load = startLoad(new URL('/messages', address).href, requestEveryMs);
  const draw = createScreen(process.stdout);
  const started = Date.now();
  const drawNow = (): void => {
    const elapsed = (Date.now() - started) / 1000;
    const progress = {
      rows: [...rows.values()],
      elapsedSeconds: elapsed,
      expectedSeconds: about,
      ...load.count(),
    };
    draw(renderBoard(progress, style));
  };
  const drawing = isTerminal ? setInterval(drawNow, drawMs) : undefined;
  try {
    await runCommits(pushed, {
      ...{ session, folder: clone.folder, head: commit, interrupted },
      show(row) {
        const news = newsOf(row, rows.get(row.commit), style);
        rows.set(row.commit, row);
        if (isTerminal) drawNow();
        else if (news !== undefined) say(news);
      },
    });
  } finally {
    clearInterval(drawing);
    await load.stop();
    await clone.remove();
  }
  const { requests, failed, reasons } = load.count();
  const ended = [...rows.values()];
  for (const line of ['', ...outcomeTable(ended, style), '']) say(line);
  const sent = `${requests} requests went to ${address} meanwhile, ${failed} of them failed. It took ${inMinutes((Date.now() - started) / 1000)}.`;
  say(failed === 0 ? style.good(sent) : style.bad(sent));
  for (const [reason, count] of reasons) say(style.bad(`  ${count}: ${reason}`));
  if (stopped()) return 130;
  return failed === 0 && allAsExpected(ended) ? 0 : 1;
}

/** A page can only be looked at with a browser. */
function firstRow(commit: DemoCommit): Row {
  const browser = findBrowser({ env: process.env, home: homedir(), exists: existsSync });
  return commit.needs === 'browser' && !browser
    ? {
        commit,
        state: 'skipped',
        why: 'no browser here, so nothing would look at the page; it is not pushed',
      }
    : { commit, state: 'waiting' };
}

await runCommand(main);
