import { sharesOf } from '../functions/rollout/shares.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { sessionHelp } from './cli/session.ts';
import { UserError } from './cli/user-error.ts';
import { awaitOutcome } from './people/await-outcome.ts';
import { planRollback, rollbackTarget } from './people/plan-rollback.ts';
import { rollbackOutcome } from './people/rollback-outcome.ts';
import { decisionHelp, decisionOptions, openServiceSession } from './people/service-session.ts';

const help = `
npm run rollback -- SERVICE [--to REVISION] [--why TEXT] [options]

Gives all traffic of a service back to an earlier revision, in one change. Without --to: to the previous good one, or to
the stable one while another is being rolled out. Who did it and why goes into the service's record; the rollout
function carries it out. Afterwards the service is frozen, until "npm run release -- SERVICE".

  --to REVISION       any ready revision that was released and answers
  --keep-going        do not freeze the service: the next push goes out as usual
  --over-schema       also to a revision that was made for a schema that is no more; asks first
  --over-health       without asking the revision whether it answers; asks you first
${decisionHelp}
${sessionHelp}

Exit codes: 0 the revision serves 100 %, 1 refused or failed, 2 wrong usage.
`;

const timeoutSeconds = 120;

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    {
      ...decisionOptions,
      to: { type: 'string' },
      'keep-going': { type: 'boolean', default: false },
      'over-schema': { type: 'boolean', default: false },
      'over-health': { type: 'boolean', default: false },
    },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  const at = await openServiceSession('rollback', values, positionals);
  const { service, ledger, run } = at;
  const [record, found] = await Promise.all([ledger.service(service), run.service(service)]);
  if (!found) throw new UserError(`Cloud Run has no service ${service}`);
  const asked = sharesOf(found.traffic);
  const chosen = rollbackTarget(record, asked, values.to);
  if ('kind' in chosen) throw new UserError(chosen.reason);
  const target = chosen.revision;
  const [revision, release] = await Promise.all([
    run.revision(service, target),
    ledger.release({ service, id: target.slice(service.length + 1) }),
  ]);
  const intent = planRollback({
    record,
    asked,
    target,
    revision,
    release,
    overSchema: values['over-schema'],
    overHealth: values['over-health'],
    keepGoing: values['keep-going'],
    now: new Date(),
  });
  const decided = await at.decide(intent, `Why does ${service} go back to ${target}?`);
  if (!decided) return 0;
  const request = { ...decided.intent.request, ...decided.decision };
  const standing = (await ledger.requestRollback(service, request)).rollbackRequest;
  await at.hint();
  if (standing?.at !== request.at) {
    throw new UserError(
      `${standing?.by ?? 'somebody'} has asked for a rollback of ${service} to ${standing?.revision ?? '?'} before you, which is not done yet; rollout has been told to look again, npm run status shows what becomes of it`,
    );
  }
  return awaitOutcome(async () => rollbackOutcome(await ledger.service(service), request), {
    timeoutSeconds,
    afterwards: `The rollback stays asked for, and the tick tries again each minute; npm run status shows what serves, and the log of function slipway-rollout says why it is not done`,
  });
}

await runCommand(main);
