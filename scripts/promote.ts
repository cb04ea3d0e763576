import { parseCommand, runCommand } from './cli/command.ts';
import { sessionHelp } from './cli/session.ts';
import { UserError } from './cli/user-error.ts';
import { awaitOutcome } from './people/await-outcome.ts';
import { planPromotion } from './people/plan-promotion.ts';
import { decisionHelp, decisionOptions, openServiceSession } from './people/service-session.ts';
import { trafficOutcome } from './people/traffic-outcome.ts';

const help = `
npm run promote -- SERVICE [--release ID] [--why TEXT] [options]

Gives the release under way all traffic of the service without waiting any longer: the steps that are left, their times
and their approvals are skipped. Shows the release and its verdict so far, and asks before it goes ahead. It is watched
at 100 % as its policy says, and still taken back if it turns out unhealthy. Refused while the service is frozen or a
rollback is under way, and for a release that is unhealthy or quarantined.

  --release ID        which one, when several are under way
${decisionHelp}
${sessionHelp}

Exit codes: 0 it serves 100 %, 1 refused or it did not get there, 2 wrong usage.
`;

const timeoutSeconds = 180;

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    { ...decisionOptions, release: { type: 'string' } },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  const { service, ledger, underWay, hint, decide } = await openServiceSession(
    'promote',
    values,
    positionals,
  );
  const record = await ledger.service(service);
  const intent = planPromotion(service, record, await underWay(), values.release, new Date());
  const decided = await decide(intent, 'Why is it not waited any longer?');
  if (!decided) return 0;
  const { release } = decided.intent;
  const key = { service, id: release.id };
  const recorded = await ledger.record(key, { kind: 'promoted', decision: decided.decision });
  if (recorded.kind === 'refused')
    throw new UserError(`${release.id} cannot be promoted: ${recorded.reason}`);
  await hint();
  const code = await awaitOutcome(
    async () =>
      trafficOutcome((await ledger.release(key)) ?? release, await ledger.service(service), 100, new Date()),
    {
      timeoutSeconds,
      afterwards: `The promotion is written down and stands; npm run status shows how far it is, and the log of function slipway-rollout why it does not move`,
    },
  );
  const bake = release.candidate?.policy.rollout.bakeSeconds ?? 0;
  if (code === 0 && bake > 0)
    process.stdout.write(`It is watched for ${bake} s at 100 % before it counts as live (npm run status).\n`);
  return code;
}

await runCommand(main);
