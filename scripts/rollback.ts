import { setTimeout as sleep } from 'node:timers/promises';
import { openCloudRun } from '../functions/platform/cloud-run.ts';
import { openTopics } from '../functions/platform/pubsub.ts';
import { topics } from '../functions/release/naming.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { reason, whoAmI } from './cli/person.ts';
import { openSession, sessionHelp, sessionOptions, type Session } from './cli/session.ts';
import { UserError } from './cli/user-error.ts';
import { openViewer, type Viewer } from './watch/snapshot.ts';

const help = `
npm run rollback -- SERVICE [--to REVISION] [--why TEXT] [options]

Gives all traffic of a service back to an earlier revision, in one change. Without --to: to the previous good one.
Who did it and why goes into the service's record; the rollout function carries it out.

  --to REVISION       any ready revision of the service
  --why TEXT          the reason, for the record (asked for when it is missing)
${sessionHelp}
`;

const waitSeconds = 120;

async function chooseTarget(
  session: Session,
  viewer: Viewer,
  service: string,
  to: string | undefined,
): Promise<string> {
  const { record, serving } = await viewer.service(service);
  const whole = serving.find(({ percent }) => percent === 100)?.revision;
  // While something else is being rolled out, the way back is the stable revision itself.
  const back = record.stable && whole !== record.stable.revision ? record.stable : record.previousGood;
  const target = to ?? back?.revision;
  if (target === undefined)
    throw new UserError(
      `${service} has no previous good revision to go back to; name one with --to (npm run status shows them)`,
    );
  if (target === whole) throw new UserError(`${target} is what ${service} serves already`);
  const revision = await openCloudRun(
    session.api,
    session.pipeline.project,
    session.pipeline.region,
  ).revision(service, target);
  if (!revision)
    throw new UserError(`${service} has no revision ${target}; npm run status shows which there are`);
  if (revision.ready !== 'yes') throw new UserError(`revision ${target} is not ready: ${revision.message}`);
  return target;
}

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    { ...sessionOptions, to: { type: 'string' }, why: { type: 'string' } },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  const [service, ...rest] = positionals;
  if (service === undefined || rest.length > 0)
    throw new UserError('name one service: npm run rollback -- SERVICE; --help says more', { exitCode: 2 });
  const session = await openSession(values);
  const services = Object.keys(session.pipeline.services);
  if (!services.includes(service))
    throw new UserError(`there is no service ${service}; pipeline.yaml has ${services.join(', ')}`, {
      exitCode: 2,
    });
  const viewer = openViewer(session.pipeline, session.api, session.githubApiUrl, session.githubToken);
  const revision = await chooseTarget(session, viewer, service, values.to);
  const why = await reason(values.why, `Why does ${service} go back to ${revision}?`);
  const request = { revision, by: await whoAmI(), why, at: new Date().toISOString() };

  const asked = (await viewer.ledger.requestRollback(service, request)).rollbackRequest;
  const topic = openTopics(session.api, session.pipeline.project);
  if (asked?.at !== request.at) {
    await topic.publish(topics.releases, { service });
    throw new UserError(
      `${asked?.by ?? 'somebody'} has asked for a rollback of ${service} to ${asked?.revision ?? '?'} before you, which is not done yet; rollout has been told to look again, npm run status shows what becomes of it`,
    );
  }
  await topic.publish(topics.releases, { service });
  process.stdout.write(`Asked for ${service} → ${revision}…\n`);

  const until = Date.now() + waitSeconds * 1000;
  for (;;) {
    const { record } = await viewer.service(service);
    if (record.rollbackRequest?.at !== request.at) {
      const outcome = record.log.findLast((entry) => entry.request === request.at)?.what ?? 'done';
      process.stdout.write(`${service}: ${outcome}.\n`);
      return record.stable?.revision === revision ? 0 : 1;
    }
    if (Date.now() > until)
      throw new UserError(
        `the rollback was asked for ${waitSeconds} s ago and is not done; it stays asked for. The log of function slipway-rollout says why`,
      );
    await sleep(200);
  }
}

await runCommand(main);
