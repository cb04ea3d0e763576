import { openBuilds, type CloudBuild } from '../functions/platform/cloud-build.ts';
import { openBucket } from '../functions/platform/cloud-storage.ts';
import { timelineOf } from '../functions/release/timeline.ts';
import { sharesOf } from '../functions/rollout/shares.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { openSession, sessionHelp, sessionOptions, type Session } from './cli/session.ts';
import { createStyle, printable, useColours, type Style } from './cli/style.ts';
import { UserError } from './cli/user-error.ts';
import { countWaiting } from './people/dead-letters.ts';
import { stateBucket } from './pipeline/pipeline.ts';
import { namedRelease, newestRelease } from './status/find-release.ts';
import { overview, type Parked, type ServiceView } from './status/overview.ts';
import { releaseTimeline } from './status/release-timeline.ts';
import { serviceState } from './status/service-state.ts';
import { fit } from './watch/fit.ts';
import { renderSnapshot } from './watch/render.ts';
import { openViewer, type Viewer } from './watch/snapshot.ts';

const help = `
npm run status -- [COMMIT …] [options]
npm run status -- SERVICE [RELEASE] [options]

Without a service: what every service serves, the builds, releases and GitHub statuses of the latest commits (or of the
commits named: full SHA or its beginning), and the messages that nobody works on any more.
With a service: its newest release (or the one named: its id, its commit, or a beginning) with each step and verdict, what
the service serves, and what stands in the way of the next release.

  --limit N           how many commits (default 3)
  --json              the records, as one JSON object
${sessionHelp}

Exit codes: 0 shown, 1 there is no such commit or release, 2 wrong usage.
`;

/** As far back as the overview looks for commits, in minutes. */
const windowMinutes = 30 * 24 * 60;
/** Where the output is no terminal. */
const pageColumns = 100;
const leastColumns = 40;

interface Look {
  readonly session: Session;
  readonly viewer: Viewer;
  readonly style: Style;
  /** For text. */
  readonly columns: number;
  /** For tables: without a terminal they need no limit. */
  readonly tableColumns: number;
  readonly json: boolean;
}

const print = (lines: readonly string[]): void => {
  process.stdout.write(`${lines.join('\n')}\n`);
};
const printJson = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
};

const recentBuilds = ({ session: { api, pipeline } }: Look): Promise<CloudBuild[]> =>
  openBuilds(api, pipeline.project, pipeline.region).createdSince(
    new Date(Date.now() - windowMinutes * 60_000),
  );

async function viewService({ viewer }: Look, name: string): Promise<ServiceView> {
  const { record, url, serving } = await viewer.service(name);
  const targets = serving.map((target) => ({ ...target, tag: undefined }));
  return { name, record, url, serving: sharesOf(targets) };
}

async function showService(look: Look, name: string, start: string | undefined): Promise<number> {
  const { session, viewer, style, columns, json } = look;
  const bucket = openBucket(session.api, stateBucket(session.pipeline));
  const view = await viewService(look, name);
  const release =
    start === undefined
      ? await newestRelease(viewer.ledger, view.record, await recentBuilds(look))
      : await namedRelease(bucket, viewer.ledger, name, start);
  if (start !== undefined && !release)
    throw new UserError(`${name} has no release ${start}; npm run status shows the latest commits`);
  const { record, serving, url } = view;
  if (json) {
    printJson({ service: record, serving, release: release ?? null });
    return 0;
  }
  print([
    ...(release
      ? [...releaseTimeline(timelineOf(release, record), new Date(), columns, style), '']
      : [style.dim('no release yet'), '']),
    ...serviceState(record, serving, url, columns, style),
  ]);
  return 0;
}

/** What lies where nobody looks; counting it must not keep the rest from being shown. */
async function countParked({ session: { api, pipeline } }: Look): Promise<Parked> {
  const bucket = openBucket(api, stateBucket(pipeline));
  try {
    return { counts: await countWaiting(api, bucket, pipeline.project) };
  } catch (error) {
    const quarantined = (await bucket.list('quarantine/')).length;
    return { counts: { deadLetters: 0, quarantined }, problem: (error as Error).message };
  }
}

async function showCommits(look: Look, starts: readonly string[], limit: number): Promise<number> {
  const { session, viewer, style, columns, tableColumns, json } = look;
  const names = Object.keys(session.pipeline.services);
  const [services, builds, parked] = await Promise.all([
    Promise.all(names.map((name) => viewService(look, name))),
    recentBuilds(look),
    countParked(look),
  ]);
  const commits = [...new Set(builds.flatMap(({ commit }) => (commit === undefined ? [] : [commit])))];
  const chosen =
    starts.length > 0
      ? commits.filter((sha) => starts.some((start) => sha.startsWith(start)))
      : commits.slice(0, limit);
  const unknown = starts.filter((start) => !commits.some((sha) => sha.startsWith(start)));
  const snapshots = await Promise.all(chosen.map((sha) => viewer.snapshot(sha)));
  const code = starts.length > 0 && chosen.length === 0 ? 1 : 0;
  if (json) {
    printJson({
      services: services.map(({ record, serving, url }) => ({ ...record, serving, url })),
      commits: snapshots.map(({ commit, builds: views }) => ({
        commit,
        releases: views.flatMap(({ release }) => (release ? [release] : [])),
      })),
      parked: parked.counts,
    });
    return code;
  }
  const out = overview(services, parked, { columns, tableColumns }, style);
  for (const snapshot of snapshots) {
    const own = builds.filter(({ commit }) => commit === snapshot.commit);
    const branches = new Set(own.map(({ branch }) => branch));
    const [title = '', ...rest] = renderSnapshot(
      snapshot,
      `on ${[...branches].map(printable).join(', ')}`,
      0,
      style,
    );
    out.push(
      '',
      title.replace(/ {2}\S*0 s\S*$/, ''),
      ...rest.slice(1).map((line) => fit(line, tableColumns)),
    );
  }
  for (const start of unknown)
    out.push('', `no build of a commit and no service ${printable(start)} is known`);
  print(out);
  return code;
}

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    { ...sessionOptions, limit: { type: 'string', default: '3' }, json: { type: 'boolean', default: false } },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  const limit = Number(values.limit);
  if (!Number.isInteger(limit) || limit < 0)
    throw new UserError(`--limit must be a whole number, not ${JSON.stringify(values.limit)}`, {
      exitCode: 2,
    });
  const session = await openSession(values);
  const { stdout } = process;
  const look: Look = {
    session,
    viewer: openViewer(session.pipeline, session.api, session.githubApiUrl, session.githubToken),
    style: createStyle(useColours(stdout)),
    columns: stdout.isTTY ? Math.max(leastColumns, stdout.columns) : pageColumns,
    tableColumns: stdout.isTTY ? stdout.columns : Infinity,
    json: values.json,
  };
  const [first, second, ...rest] = positionals;
  if (first === undefined || !Object.hasOwn(session.pipeline.services, first))
    return showCommits(look, positionals, limit);
  if (rest.length > 0)
    throw new UserError('name one release: npm run status -- SERVICE [RELEASE]; --help says more', {
      exitCode: 2,
    });
  return showService(look, first, second);
}

await runCommand(main);
