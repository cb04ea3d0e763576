import { parseCommand, runCommand } from './cli/command.ts';
import { sessionHelp } from './cli/session.ts';
import { UserError } from './cli/user-error.ts';
import { awaitOutcome } from './people/await-outcome.ts';
import { planApproval } from './people/plan-approval.ts';
import { decisionHelp, decisionOptions, openServiceSession } from './people/service-session.ts';
import { trafficOutcome } from './people/traffic-outcome.ts';

const help = `
npm run approve -- SERVICE [PERCENT] [--why TEXT] [options]

Lets the release under way have the percent of the traffic that it waits for a person to approve: because its policy
lists it under "approve", or because verification could not tell and its policy says to ask. Shows the release, its
verdict and its figures first. With PERCENT it is approved only if that is what the release waits for.

${decisionHelp}
${sessionHelp}

Exit codes: 0 it has the traffic, 1 nothing waits for approval or it did not get it, 2 wrong usage.
`;

const timeoutSeconds = 120;

function parsePercent(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const percent = Number(text.replace(/ ?%$/, ''));
  if (!Number.isInteger(percent) || percent < 1 || percent > 100)
    throw new UserError(`PERCENT must be a whole number from 1 to 100, not ${JSON.stringify(text)}`, {
      exitCode: 2,
    });
  return percent;
}

async function main(): Promise<number> {
  const parsed = parseCommand(help, decisionOptions, process.argv.slice(2));
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  const wanted = parsePercent(positionals[1]);
  const { service, ledger, underWay, hint, decide } = await openServiceSession(
    'approve',
    values,
    positionals,
    2,
  );
  const record = await ledger.service(service);
  const decided = await decide(
    planApproval(service, record, await underWay(), wanted, new Date()),
    'Why may it have more traffic?',
  );
  if (!decided) return 0;
  const { release, percent } = decided.intent;
  const key = { service, id: release.id };
  const recorded = await ledger.record(key, { kind: 'approved', percent, decision: decided.decision });
  if (recorded.kind === 'refused')
    throw new UserError(`${release.id} cannot be approved: ${recorded.reason}`);
  await hint();
  return awaitOutcome(
    async () =>
      trafficOutcome(
        (await ledger.release(key)) ?? release,
        await ledger.service(service),
        percent,
        new Date(),
      ),
    {
      timeoutSeconds,
      afterwards: `The approval is written down and stands; npm run status shows how far it is, and the log of function slipway-rollout why it does not move`,
    },
  );
}

await runCommand(main);
