import type { Decision } from '../../functions/release/release.ts';
import type { ServiceRecord, Serving } from '../../functions/release/service-record.ts';
import { logged } from '../../functions/rollout/freeze.ts';
import { chosenQuarantine } from './chosen-quarantine.ts';
import { refused, type Intent } from './intent.ts';
import { takenAsOurs, type ServingFacts } from './taken-as-ours.ts';
import { age, decisionInWords, shortCommit } from './words.ts';

export interface ReleaseFacts extends ServingFacts {
  /** A commit, a digest, their beginning, or `all`: what of the quarantine is lifted. */
  readonly lift: string | undefined;
}

export type ReleaseIntent = Intent<{
  /** The release that does not serve any more, because a person gave everything to another one. */
  readonly replaced: string | undefined;
  /** The record afterwards; undefined when it has moved since it was looked at. */
  readonly change: (record: ServiceRecord, decision: Decision) => ServiceRecord | undefined;
}>;

/** What becomes of a service whose automation a person lets go on. */
export function planRelease(facts: ReleaseFacts): ReleaseIntent {
  const { record, lift, now } = facts;
  const { service, frozen, rollbackRequest, quarantine } = record;
  const lifted = chosenQuarantine(quarantine, lift);
  if (lift !== undefined && lifted.length === 0)
    return refused(
      quarantine.length === 0
        ? `nothing of ${service} is quarantined`
        : `${service} has nothing quarantined that is called ${lift}; there is ${quarantine.map(({ commit, digest, reason }) => `\n${shortCommit(commit)} ${digest}: ${reason}`).join('')}`,
    );
  if (!frozen && lifted.length === 0)
    return { kind: 'already', says: `${service} is not frozen; nothing was changed.` };
  if (rollbackRequest)
    return refused(
      `a rollback of ${service} to ${rollbackRequest.revision} is under way, asked for ${decisionInWords(rollbackRequest, now)}; release it when that has ended (npm run status)`,
    );
  const taken = frozen
    ? takenAsOurs(facts)
    : { says: [], danger: undefined, shares: undefined, stable: undefined };
  if ('kind' in taken) return taken;
  const replaced = taken.stable && record.stable?.release;
  return {
    kind: 'do',
    says: [
      ...(frozen
        ? [`${service} was frozen ${decisionInWords(frozen, now)} (${frozen.cause}).`, ...taken.says]
        : []),
      ...lifted.map(
        ({ commit, at, reason }) =>
          `Commit ${shortCommit(commit)}, taken back ${age(at, now)} ago (${reason}), may go out again when its build runs again.`,
      ),
    ].join('\n'),
    danger:
      [
        ...(taken.danger === undefined ? [] : [taken.danger]),
        ...(lifted.length > 0 ? [`what was taken back may go out again`] : []),
        ...(frozen?.cause === 'irreversible' || frozen?.cause === 'no-way-back'
          ? [`what is bad may still serve: ${frozen.why}`]
          : []),
      ].join('; and ') || undefined,
    replaced,
    change: (current, { at, by, why }) => {
      const { frozen: standing, ...rest } = current;
      if (standing?.at !== frozen?.at || current.rollbackRequest) return undefined;
      const { shares, stable } = taken;
      const what = [
        ...(frozen ? ['released'] : []),
        ...lifted.map(({ commit }) => `quarantine of commit ${shortCommit(commit)} lifted`),
      ].join(', ');
      return logged(
        {
          ...rest,
          quarantine: rest.quarantine.filter(
            ({ release }) => !lifted.some((each) => each.release === release),
          ),
          // What serves now counts as asked for by us from here on: anything else is somebody else's doing.
          ...(shares ? { traffic: { asked: shares, before: [], at, by } } : {}),
          ...(stable ? adopted(rest, stable, frozen?.at ?? at) : {}),
        },
        { at, what, by, why },
      );
    },
  };
}

/** As after a rollback: what was pushed before the person stepped in does not take the traffic from what they chose. */
function adopted(
  { stable, previousGood }: ServiceRecord,
  chosen: Serving,
  since: string,
): Pick<ServiceRecord, 'stable' | 'previousGood' | 'rolledBackAt'> {
  const back = previousGood?.release === chosen.release ? undefined : previousGood;
  return { stable: chosen, previousGood: back, ...(stable ? { rolledBackAt: since } : {}) };
}
