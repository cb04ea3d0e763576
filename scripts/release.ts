import { tell } from '../functions/release/tell.ts';
import { sharesOf } from '../functions/rollout/shares.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { sessionHelp } from './cli/session.ts';
import { UserError } from './cli/user-error.ts';
import { planRelease } from './people/plan-release.ts';
import { decisionHelp, decisionOptions, openServiceSession } from './people/service-session.ts';
import { releaseInWords } from './people/words.ts';

const help = `
npm run release -- SERVICE [--quarantined COMMIT|DIGEST|all] [--why TEXT] [options]

Lets the automation of a frozen service go on. Shows who froze it and why, and what serves now, which counts as the
pipeline's own from then on: one released revision that serves everything becomes the stable one. Refused while the
traffic is split by hand or goes to a revision that was not released here: roll back to one revision first.

  --quarantined WHAT  lets what was taken back go out again: a commit, an image's digest (or their beginning), or all
${decisionHelp}
${sessionHelp}

Exit codes: 0 it is released, 1 refused, 2 wrong usage.
`;

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    { ...decisionOptions, quarantined: { type: 'string' } },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  const { service, ledger, run, topics, underWay, hint, decide } = await openServiceSession(
    'release',
    values,
    positionals,
  );
  const [record, found] = await Promise.all([ledger.service(service), run.service(service)]);
  const [only, ...others] = sharesOf(found?.traffic ?? []);
  const whole =
    only && others.length === 0
      ? await ledger.release({ service, id: only.revision.slice(service.length + 1) })
      : undefined;
  const rollingOut = record.rollingOut && (await ledger.release({ service, id: record.rollingOut.release }));
  const intent = planRelease({
    record,
    run: found,
    whole,
    rollingOut,
    lift: values.quarantined,
    now: new Date(),
  });
  const decided = await decide(intent, `Why may ${service} go on?`);
  if (!decided) return 0;
  const { decision } = decided;
  const { replaced, change } = decided.intent;
  // Its own record first: once the service is released, nobody comes back to say what became of it.
  if (replaced !== undefined) {
    const reason = `${record.frozen?.by ?? decision.by} gave all traffic to ${only?.revision ?? 'another revision'}`;
    await tell(
      { ledger, topics, log: (_, message) => void process.stderr.write(`${message}\n`) },
      { service, id: replaced },
      { kind: 'rolled-back', reason, by: decision.by },
    );
  }
  const after = await ledger.updateService(service, (current) => change(current, decision));
  const entry = after.log.at(-1);
  if (entry?.at !== decision.at || entry.by !== decision.by)
    throw new UserError(
      `${service} has moved since you looked; see what it is now (npm run status) and try again`,
    );
  await hint();
  process.stdout.write(`${service}: ${entry.what}.\n`);
  for (const release of await underWay())
    process.stdout.write(`Goes on: ${releaseInWords(release, new Date())}.\n`);
  return 0;
}

await runCommand(main);
