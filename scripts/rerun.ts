import { CloudBuildClient } from '@google-cloud/cloudbuild';
import { openBuilds } from '../functions/platform/cloud-build.ts';
import { substitutions } from '../functions/release/naming.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { reason, whoAmI } from './cli/person.ts';
import { openSession, sessionHelp, sessionOptions } from './cli/session.ts';
import { UserError } from './cli/user-error.ts';
import { openViewer } from './watch/snapshot.ts';

const help = `
npm run rerun -- BUILD [--why TEXT] [options]

Runs a build again, at the same commit: a new build with a new id. Who did it and why goes into the service's record.
BUILD is the build's id, or its beginning (npm run status shows them).

  --why TEXT          the reason, for the record (asked for when it is missing)
${sessionHelp}
`;

const windowMinutes = 30 * 24 * 60;

async function main(): Promise<number> {
  const parsed = parseCommand(help, { ...sessionOptions, why: { type: 'string' } }, process.argv.slice(2));
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  const [start, ...rest] = positionals;
  if (start === undefined || rest.length > 0)
    throw new UserError('name one build: npm run rerun -- BUILD; --help says more', { exitCode: 2 });
  const session = await openSession(values);
  const { project, region } = session.pipeline;
  const builds = (
    await openBuilds(session.api, project, region).createdSince(new Date(Date.now() - windowMinutes * 60_000))
  ).filter(({ id }) => id.startsWith(start));
  const [build, another] = builds;
  if (!build)
    throw new UserError(
      `no build of the last 30 days has an id that starts with ${start}; npm run status shows builds`,
    );
  if (another)
    throw new UserError(
      `${start} is the beginning of ${builds.length} build ids: ${builds.map(({ id }) => id).join(', ')}`,
    );
  if (['PENDING', 'QUEUED', 'WORKING'].includes(build.status))
    throw new UserError(`build ${build.id} is ${build.status}; it can be run again when it has ended`);
  const why = await reason(values.why, `Why does build ${build.id.slice(0, 8)} run again?`);

  const client = new CloudBuildClient(session.api.clientOptions);
  try {
    const [operation] = await client.retryBuild({ name: build.name });
    const again = (
      operation.metadata as { build?: { id?: string | null; logUrl?: string | null } | null } | null
    )?.build;
    process.stdout.write(`Build ${again?.id ?? ''} runs: ${again?.logUrl ?? ''}\n`);
    const service = build.substitutions[substitutions.service];
    if (service !== undefined) {
      const viewer = openViewer(session.pipeline, session.api, session.githubApiUrl, session.githubToken);
      const entry = {
        at: new Date().toISOString(),
        what: `build ${build.id} runs again as ${again?.id ?? 'a new build'}`,
        by: await whoAmI(),
        why,
      };
      await viewer.ledger.updateService(service, (record) => ({ ...record, log: [...record.log, entry] }));
    }
  } finally {
    await client.close();
  }
  return 0;
}

await runCommand(main);
