import { openLedger, type Ledger } from '../../../functions/release/ledger.ts';
import { activeRelease, topics as topicNames } from '../../../functions/release/naming.ts';
import { isSettled, type Decision, type Release } from '../../../functions/release/release.ts';
import { sharesOf } from '../../../functions/rollout/shares.ts';
import { planApproval } from '../../../scripts/people/plan-approval.ts';
import { frozenBy, planFreeze } from '../../../scripts/people/plan-freeze.ts';
import { planPromotion } from '../../../scripts/people/plan-promotion.ts';
import { planRelease } from '../../../scripts/people/plan-release.ts';
import { planRollback, rollbackTarget } from '../../../scripts/people/plan-rollback.ts';
import type { Messages } from './messages.ts';
import type { Invocation } from './processes.ts';
import type { Run } from './run.ts';
import type { Store } from './store.ts';

export const commands = ['rollback', 'freeze', 'release', 'approve', 'promote'] as const;
export type Command = (typeof commands)[number];

/** What a command came to, as the person at the keyboard sees it. */
export type Said = 'done' | 'refused' | 'already';

interface Desk {
  readonly store: Store;
  readonly run: Run;
  readonly messages: Messages;
}

/**
 * A person at the keyboard: what the scripts do between reading the command line and waiting for the outcome, with their
 * own decisions.
 */
export async function runCommand(
  desk: Desk,
  invocation: Invocation,
  command: Command,
  service: string,
  options: { readonly keepGoing: boolean; readonly liftQuarantine: boolean },
): Promise<Said> {
  const { now, sleep } = invocation;
  const ledger = openLedger(desk.store.bucket(invocation), { now, sleep });
  const run = desk.run.cloudRun(invocation);
  const topics = desk.messages.topics(invocation);
  const decision = (): Decision => ({ at: now().toISOString(), by: invocation.actor, why: 'for the test' });
  const record = await ledger.service(service);
  const found = await run.service(service);
  const hint = async (): Promise<void> => {
    await topics.publish(topicNames.releases, { service });
    for (const { id } of await underWay(ledger, service))
      await topics.publish(topicNames.releases, { service, release: id });
  };

  switch (command) {
    case 'freeze': {
      const intent = planFreeze(record, sharesOf(found?.serving ?? []), now());
      if (intent.kind !== 'do') return intent.kind;
      const decided = decision();
      await ledger.updateService(service, (current) => frozenBy(current, decided));
      break;
    }
    case 'release': {
      const whole = await wholeRelease(ledger, service, sharesOf(found?.traffic ?? []));
      const rollingOut =
        record.rollingOut && (await ledger.release({ service, id: record.rollingOut.release }));
      const lift = options.liftQuarantine && record.quarantine.length > 0 ? 'all' : undefined;
      const intent = planRelease({ record, run: found, whole, rollingOut, lift, now: now() });
      if (intent.kind !== 'do') return intent.kind;
      const decided = decision();
      if (intent.replaced !== undefined)
        await ledger.record(
          { service, id: intent.replaced },
          { kind: 'rolled-back', reason: 'somebody gave all traffic to another', by: decided.by },
        );
      await ledger.updateService(service, (current) => intent.change(current, decided));
      break;
    }
    case 'rollback': {
      const asked = sharesOf(found?.traffic ?? []);
      const target = rollbackTarget(record, asked, undefined);
      if ('kind' in target) return target.kind;
      const { revision } = target;
      const intent = planRollback({
        record,
        asked,
        target: revision,
        revision: await run.revision(service, revision),
        release: await ledger.release({ service, id: revision.slice(service.length + 1) }),
        overSchema: false,
        overHealth: false,
        keepGoing: options.keepGoing,
        now: now(),
      });
      if (intent.kind !== 'do') return intent.kind;
      await ledger.requestRollback(service, { ...intent.request, ...decision() });
      break;
    }
    case 'approve': {
      const intent = planApproval(service, record, await underWay(ledger, service), undefined, now());
      if (intent.kind !== 'do') return intent.kind;
      const { release, percent } = intent;
      await ledger.record({ service, id: release.id }, { kind: 'approved', percent, decision: decision() });
      break;
    }
    case 'promote': {
      const intent = planPromotion(service, record, await underWay(ledger, service), undefined, now());
      if (intent.kind !== 'do') return intent.kind;
      await ledger.record({ service, id: intent.release.id }, { kind: 'promoted', decision: decision() });
      break;
    }
    default:
      command satisfies never;
  }
  await hint();
  return 'done';
}

async function underWay(ledger: Ledger, service: string): Promise<Release[]> {
  const keys = (await ledger.active()).map(activeRelease).filter((key) => key?.service === service);
  const releases = await Promise.all(keys.map(async (key) => key && ledger.release(key)));
  return releases.flatMap((release) => (release && !isSettled(release) ? [release] : []));
}

async function wholeRelease(
  ledger: Ledger,
  service: string,
  shares: ReturnType<typeof sharesOf>,
): Promise<Release | undefined> {
  const [only, ...others] = shares;
  return only && others.length === 0
    ? ledger.release({ service, id: only.revision.slice(service.length + 1) })
    : undefined;
}
