import { checkAudit } from './check-audit.ts';
import { checkCode } from './check-code.ts';
import { checkImage } from './check-image.ts';
import { checkLicences } from './check-licences.ts';
import { checkLockfile } from './check-lockfile.ts';
import { checkSecrets } from './check-secrets.ts';
import { shownFile, type Check, type CheckContext } from './check.ts';
import { applyExceptions } from './exceptions.ts';
import type { CheckedGate, CheckOutcome, Looked } from './finding.ts';
import type { CheckName } from './policy.ts';

export const checks: Readonly<Record<CheckName, Check>> = {
  secrets: checkSecrets,
  audit: checkAudit,
  licences: checkLicences,
  lockfile: checkLockfile,
  code: checkCode,
  'image-scan': checkImage,
};

/** Runs one check. What it throws is a failure of this check, and says why. `now`: milliseconds since the epoch. */
export async function runCheck(
  name: CheckName,
  context: CheckContext,
  now: () => number,
): Promise<CheckedGate> {
  const started = now();
  const outcome = await outcomeOf(checks[name], context, started);
  return { name, seconds: (now() - started) / 1000, outcome };
}

/** In the folder and in the packages that it links. The image is that of the folder. */
async function lookEverywhere(check: Check, context: CheckContext): Promise<Looked> {
  const contexts = [context, ...(check.name === 'image-scan' ? [] : (context.linked ?? []))];
  const all: Looked[] = [];
  for (const each of contexts) all.push(await check.look(each));
  const [own] = all;
  const looked = all.flatMap((each) => (each.kind === 'looked' ? [each] : []));
  const [skipped] = all.flatMap((each) => (each.kind === 'skipped' ? [each] : []));
  const findings = looked.flatMap((each) => each.findings);
  if (own && contexts.length === 1) return own;
  // What was found counts, also where something else could not be looked at.
  if (skipped && findings.length === 0) return skipped;
  return {
    kind: 'looked',
    findings,
    notes: [...looked.flatMap(({ notes }) => notes), ...(skipped ? [`not everywhere: ${skipped.why}`] : [])],
    scope: looked.map(({ scope }) => scope).join(' + '),
  };
}

async function outcomeOf(check: Check, context: CheckContext, now: number): Promise<CheckOutcome> {
  const { policy } = context;
  const broken = (rule: string, title: string, message: string): CheckOutcome => ({
    kind: 'failed',
    findings: [
      {
        rule: `${check.name}/${rule}`,
        title,
        message,
        file: shownFile(context, 'package.json'),
        subject: {},
      },
    ],
    accepted: [],
    notes: [],
    scope: 'nothing',
  });
  try {
    const looked = await lookEverywhere(check, context);
    if (looked.kind === 'skipped')
      return policy.required.includes(check.name)
        ? broken(
            'skipped',
            'a check that must not be skipped',
            `skipped: ${looked.why}; the policy requires ${check.name}`,
          )
        : looked;
    const excepted = applyExceptions(looked.findings, check.exceptions(policy), now);
    return {
      kind: excepted.findings.length === 0 ? 'passed' : 'failed',
      findings: excepted.findings,
      accepted: excepted.accepted,
      notes: [...looked.notes, ...excepted.notes],
      scope: looked.scope,
    };
  } catch (error) {
    return broken('error', 'the check could not be made', (error as Error).message.replaceAll(/\s+/g, ' '));
  }
}
