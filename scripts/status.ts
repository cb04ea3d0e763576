import { openBuilds } from '../functions/platform/cloud-build.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { openSession, sessionHelp, sessionOptions, type Session } from './cli/session.ts';
import { UserError } from './cli/user-error.ts';
import { createStyle, printable, table, useColours, type Style } from './cli/style.ts';
import { renderSnapshot } from './watch/render.ts';
import { openViewer, type Viewer } from './watch/snapshot.ts';

const help = `
npm run status -- [COMMIT …] [options]

Shows what every service serves, and the builds, releases and GitHub statuses of the latest commits
(or of the commits named: full SHA or its beginning).

  --limit N           how many commits (default 3)
${sessionHelp}
`;

/** As far back as the overview looks for commits, in minutes. */
const windowMinutes = 30 * 24 * 60;

async function serviceRows(session: Session, viewer: Viewer, style: Style): Promise<string[][]> {
  return Promise.all(
    Object.keys(session.pipeline.services).map(async (name) => {
      const { record, url, serving } = await viewer.service(name);
      const traffic = serving
        .map(({ revision, percent }) => `${percent} % ${revision ?? 'latest'}`)
        .join(', ');
      const open = record.stable !== undefined;
      return [
        style.strong(name),
        open ? style.good(record.stable?.revision ?? '') : style.dim('no release yet'),
        open ? traffic : style.dim('–'),
        record.previousGood?.revision ?? style.dim('–'),
        open ? url : style.dim('–'),
      ];
    }),
  );
}

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    { ...sessionOptions, limit: { type: 'string', default: '3' } },
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
  const style = createStyle(useColours(process.stdout));
  const viewer = openViewer(session.pipeline, session.api, session.githubApiUrl, session.githubToken);
  const out: string[] = table([
    ['service', 'stable', 'traffic', 'previous good', 'address'].map(style.dim),
    ...(await serviceRows(session, viewer, style)),
  ]);

  const { project, region } = session.pipeline;
  const builds = await openBuilds(session.api, project, region).createdSince(
    new Date(Date.now() - windowMinutes * 60_000),
  );
  const commits = [...new Set(builds.flatMap(({ commit }) => (commit === undefined ? [] : [commit])))];
  const chosen =
    positionals.length > 0
      ? commits.filter((sha) => positionals.some((start) => sha.startsWith(start)))
      : commits.slice(0, limit);
  for (const sha of chosen) {
    const branches = new Set(builds.filter(({ commit }) => commit === sha).map(({ branch }) => branch));
    const [title = '', ...rest] = renderSnapshot(
      await viewer.snapshot(sha),
      `on ${[...branches].map(printable).join(', ')}`,
      0,
      style,
    );
    out.push('', title.replace(/ {2}\S*0 s\S*$/, ''), ...rest.slice(1));
  }
  for (const start of positionals.filter((text) => !commits.some((sha) => sha.startsWith(text))))
    out.push('', `no build of a commit ${start} is known`);
  process.stdout.write(`${out.join('\n')}\n`);
  return positionals.length > 0 && chosen.length === 0 ? 1 : 0;
}

await runCommand(main);
