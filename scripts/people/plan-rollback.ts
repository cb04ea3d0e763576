import type { RunRevision } from '../../functions/platform/cloud-run.ts';
import type { Release } from '../../functions/release/release.ts';
import type { ServiceRecord, Shares } from '../../functions/release/service-record.ts';
import { servingOf } from '../../functions/rollout/confirm-live.ts';
import { inWords } from '../../functions/rollout/shares.ts';
import { schemaTooOld } from '../../functions/release/steps.ts';
import { refused, type Intent } from './intent.ts';
import { age, decisionInWords, shortCommit } from './words.ts';

/** Which revision the traffic goes back to, or why there is none. `asked` is what Cloud Run is asked for now. */
export function rollbackTarget(
  { service, stable, previousGood }: ServiceRecord,
  asked: Shares,
  to: string | undefined,
): { readonly revision: string } | { readonly kind: 'refused'; readonly reason: string } {
  const whole = asked.find(({ percent }) => percent === 100)?.revision;
  // While something else is being rolled out, the way back is the stable revision itself.
  const back = stable && whole !== stable.revision ? stable : previousGood;
  const revision = to ?? back?.revision;
  if (revision === undefined)
    return refused(
      `${service} has no previous good revision to go back to; name one with --to (npm run status shows them)`,
    );
  if (revision === whole) return refused(`${revision} is what ${service} serves already`);
  return { revision };
}

export interface RollbackFacts {
  readonly record: ServiceRecord;
  /** What Cloud Run is asked for now. */
  readonly asked: Shares;
  readonly target: string;
  /** As Cloud Run has it. */
  readonly revision: RunRevision | undefined;
  /** The release that the target is of. */
  readonly release: Release | undefined;
  readonly overSchema: boolean;
  readonly overHealth: boolean;
  readonly keepGoing: boolean;
  readonly now: Date;
}

export type RollbackIntent = Intent<{
  readonly request: {
    readonly revision: string;
    readonly overSchema?: true;
    readonly overHealth?: true;
    readonly keepGoing?: true;
  };
}>;

/** What giving all traffic back to the target would mean, unless it cannot or must not be done. */
export function planRollback(facts: RollbackFacts): RollbackIntent {
  const { record, asked, target, revision, release, overSchema, overHealth, keepGoing, now } = facts;
  const { service, rollbackRequest } = record;
  if (!revision) return refused(`${service} has no revision ${target}; npm run status shows which there are`);
  if (revision.ready !== 'yes') return refused(`revision ${target} is not ready: ${revision.message}`);
  const known = release?.candidate?.revision === target ? servingOf(release, now.toISOString()) : undefined;
  if (!release || !known)
    return refused(
      `${target} is no release of this pipeline: nothing is known of its schema or its health. Name a released one with --to, or move the traffic by hand: gcloud run services update-traffic ${service} --to-revisions ${target}=100`,
    );
  // One that nobody has asked for in person gives way to this one.
  if (rollbackRequest && rollbackRequest.release === undefined)
    return refused(
      `a rollback of ${service} to ${rollbackRequest.revision} is under way already, asked for ${decisionInWords(rollbackRequest, now)}; npm run status shows what becomes of it`,
    );
  const tooOld = schemaTooOld(known, record);
  if (tooOld !== undefined && !overSchema)
    return refused(
      [
        `${service} cannot go back to ${target}: ${tooOld}.`,
        'Code that was made for a schema that is no more fails or spoils data. What to do:',
        '- Fix forward: push a commit that mends it, or reverts the code and keeps the schema.',
        `- Until then hold everything as it is: npm run freeze -- ${service}`,
        '- If you know that this code works on that schema: the same command with --over-schema.',
      ].join('\n'),
    );
  const held = record.quarantine.find(
    ({ digest, commit }) => commit === known.commit || (digest !== '' && known.image.endsWith(`@${digest}`)),
  );
  const dangers = [
    ...(tooOld === undefined ? [] : [tooOld]),
    ...(overHealth ? [`${target} is not asked whether it answers before it gets all traffic`] : []),
    ...(held ? [`commit ${shortCommit(held.commit)} was taken back before: ${held.reason}`] : []),
  ];
  return {
    kind: 'do',
    says: [
      `${service} goes from ${withCommits(asked, record, now)} to ${target} 100 % (commit ${shortCommit(known.commit)}, released ${age(release.createdAt, now)} ago), in one change.`,
      afterwards(record, keepGoing, now),
    ].join('\n'),
    danger: dangers.length === 0 ? undefined : dangers.join('; and '),
    request: {
      revision: target,
      ...(tooOld === undefined ? {} : { overSchema: true as const }),
      ...(overHealth ? { overHealth: true as const } : {}),
      ...(keepGoing ? { keepGoing: true as const } : {}),
    },
  };
}

function afterwards({ service, frozen }: ServiceRecord, keepGoing: boolean, now: Date): string {
  if (frozen)
    return `${service} stays frozen, as it was ${decisionInWords(frozen, now)}; npm run release -- ${service} ends that.`;
  return keepGoing
    ? 'What was pushed before does not take the traffic again; the next push goes out as usual.'
    : `${service} is frozen afterwards: nothing is rolled out until "npm run release -- ${service}".`;
}

/** `api-x 90 % (commit 1234567, since 4 min)`, as far as the record knows the revision. */
function withCommits(asked: Shares, { stable, previousGood }: ServiceRecord, now: Date): string {
  if (asked.length === 0) return inWords(asked);
  return asked
    .map((share) => {
      const known = [stable, previousGood].find((serving) => serving?.revision === share.revision);
      const since = known && ` (commit ${shortCommit(known.commit)}, live for ${age(known.since, now)})`;
      return `${inWords([share])}${since ?? ''}`;
    })
    .join(', ');
}
