import { sharesOf, inWords } from '../functions/rollout/shares.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { sessionHelp } from './cli/session.ts';
import { UserError } from './cli/user-error.ts';
import { awaitOutcome } from './people/await-outcome.ts';
import { frozenBy, planFreeze } from './people/plan-freeze.ts';
import { decisionHelp, decisionOptions, openServiceSession } from './people/service-session.ts';
import { decisionInWords } from './people/words.ts';

const help = `
npm run freeze -- SERVICE [--why TEXT] [options]

Stops the automation of a service: its traffic stays as it is, nothing is rolled forward, and nothing back by itself,
until "npm run release -- SERVICE". Builds and verification go on; what is ready waits. A person can still roll back.

${decisionHelp}
${sessionHelp}

Exit codes: 0 it is frozen, 1 it could not be, 2 wrong usage.
`;

const timeoutSeconds = 60;

async function main(): Promise<number> {
  const parsed = parseCommand(help, decisionOptions, process.argv.slice(2));
  if (!parsed) return 0;
  const { service, ledger, run, hint, decide } = await openServiceSession(
    'freeze',
    parsed.values,
    parsed.positionals,
  );
  const serving = sharesOf((await run.service(service))?.serving ?? []);
  const decided = await decide(
    planFreeze(await ledger.service(service), serving, new Date()),
    `Why is ${service} frozen?`,
  );
  if (!decided) return 0;
  const { frozen } = await ledger.updateService(service, (record) => frozenBy(record, decided.decision));
  if (!frozen) throw new UserError(`the record of ${service} does not say that it is frozen; try again`);
  await hint();
  const by = decisionInWords(frozen, new Date());
  // What Cloud Run was asked for just before is still carried out.
  return awaitOutcome(
    async () => {
      const now = await run.service(service);
      if (now && !now.settled) return { kind: 'waiting', says: 'Cloud Run ends the change that it is at…' };
      return {
        kind: 'done',
        says: `${service} is frozen ${by}. It serves ${inWords(sharesOf(now?.serving ?? []))}.`,
      };
    },
    {
      timeoutSeconds,
      afterwards: `${service} is frozen all the same; Cloud Run is not done with the change that it was at: npm run status shows what serves`,
    },
  );
}

await runCommand(main);
