import path from 'node:path';
import { parseCommand, parsePort, runCommand } from './cli/command.ts';
import { resolveCommit, uncommitted, workingTree } from './cli/git.ts';
import { pipelineAt } from './cli/session.ts';
import { createStyle, useColours } from './cli/style.ts';
import { UserError } from './cli/user-error.ts';
import { deliver, remoteOf, setUpLocally, type Delivery } from './deliver.ts';
import { logFileOf, stopOnSignals, withLocalCloud } from './local-cloud.ts';
import type { Display } from './watch/follow.ts';
import { allLive, summarise, summaryTable } from './watch/summary.ts';

const help = `
npm start -- [options]

Starts the local cloud, sets the pipeline up on it, pushes a commit as its main branch, and shows what becomes of it.
It stays up until Ctrl-C; its state stays too.

  --once        end when every release of the push has ended: exit 0 if all are live, 1 if not
  --port N      the local cloud's port (default 4600; 0 picks a free one)
  --state DIR   where its state lives (default .local)
  --fresh       forget the earlier state
  --repo PATH   push another repository that has a pipeline.yaml (default: the one you are in)
  --ref REF     push this commit (default HEAD)
  --json        one JSON object a line; the last one is the summary
  --help        this text
`;

const options = {
  once: { type: 'boolean', default: false },
  port: { type: 'string', default: '4600' },
  state: { type: 'string', default: '.local' },
  fresh: { type: 'boolean', default: false },
  repo: { type: 'string', default: '.' },
  ref: { type: 'string', default: 'HEAD' },
  json: { type: 'boolean', default: false },
} as const;

async function main(): Promise<number> {
  const parsed = parseCommand(help, options, process.argv.slice(2));
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  if (positionals.length > 0)
    throw new UserError(`${positionals.join(' ')} means nothing to npm start; --help lists the options`, {
      exitCode: 2,
    });
  // Everything that can be wrong with what we were given, before anything is started.
  const port = parsePort(values.port);
  const root = await workingTree(values.repo);
  const commit = await resolveCommit(root, values.ref);
  const pipeline = await pipelineAt(root, commit.sha, 'local');
  const changes = await uncommitted(root);
  if (changes > 0) {
    const which = changes === 1 ? '1 file has changes' : `${changes} files have changes`;
    process.stderr.write(
      `${which} that are not committed and so are not part of what is pushed; commit them to try them.\n`,
    );
  }

  const stateFolder = path.resolve(values.state);
  const display: Display = values.json ? 'json' : process.stdout.isTTY ? 'live' : 'lines';
  const say = (line: string): void => {
    if (display !== 'json') process.stdout.write(`${line}\n`);
  };
  const interrupted = stopOnSignals();
  return withLocalCloud(
    { stateFolder, port, fresh: values.fresh, root, commit, pipeline },
    async (session) => {
      const delivery: Delivery = {
        session,
        root,
        commit,
        display,
        style: createStyle(useColours(process.stdout)),
        interrupted,
        say,
      };
      const live = await deliverAndSummarise(delivery);
      if (!values.once && !interrupted.aborted) {
        say(`\nUp until Ctrl-C. State and log: ${path.relative(process.cwd(), logFileOf(stateFolder))}`);
        await new Promise((resolve) => {
          interrupted.addEventListener('abort', resolve, { once: true });
        });
      }
      say('Stopping…');
      return live || !values.once ? 0 : 1;
    },
  );
}

/** Whether every release of the commit is live. */
async function deliverAndSummarise(delivery: Delivery): Promise<boolean> {
  const { session, commit, display, style, interrupted, say } = delivery;
  const stopped = (): boolean => interrupted.aborted;
  await setUpLocally(delivery);
  if (stopped()) return false;
  const releases = summarise(await deliver(delivery));
  if (stopped()) return false;
  if (display === 'json') {
    const short = releases.map(({ reason, ...release }) =>
      release.stage === 'live' ? release : { ...release, reason },
    );
    process.stdout.write(`${JSON.stringify({ releases: short })}\n`);
    return allLive(releases);
  }
  if (releases.length === 0) {
    say(`No trigger matched the files of ${commit.sha.slice(0, 7)}: nothing was built.`);
    return false;
  }
  const { owner, name } = session.pipeline.repository;
  for (const line of ['', ...summaryTable(releases, style), '']) say(line);
  say(`Push a branch:  git push ${remoteOf(session)} HEAD:refs/heads/my-branch`);
  say(`Statuses:       ${session.origin}/${owner}/${name}/commit/${commit.sha}`);
  return allLive(releases);
}

await runCommand(main);
