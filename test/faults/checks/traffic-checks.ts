import type { TrafficTarget } from '../../../functions/platform/cloud-run.ts';
import { objects } from '../../../functions/release/naming.ts';
import type { Release } from '../../../functions/release/release.ts';
import type { ServiceRecord } from '../../../functions/release/service-record.ts';
import { hopeless } from '../world/artifacts.ts';
import { functionsActor } from '../world/functions.ts';
import type { Invocation } from '../world/processes.ts';
import { servedBy, type Run, type RunWatcher, type WorldService } from '../world/run.ts';
import type { Records } from './records.ts';
import type { Violate } from './violation.ts';

type Percents = ReadonlyMap<string, number>;

const pinned = '(latest)';

function percentsOf(targets: readonly TrafficTarget[]): Percents {
  const percents = new Map<string, number>();
  for (const { revision = pinned, percent } of targets)
    if (percent > 0) percents.set(revision, (percents.get(revision) ?? 0) + percent);
  return percents;
}

const inWords = (percents: Percents): string =>
  [...percents].map(([revision, percent]) => `${revision} ${percent} %`).join(', ') || 'nothing';

const same = (a: Percents, b: Percents): boolean =>
  a.size === b.size && [...a].every(([revision, percent]) => b.get(revision) === percent);

/** What a person did to the traffic of a service last, until it is the pipeline's again. */
interface PersonsTraffic {
  readonly at: number;
  readonly percents: Percents;
}

export interface TrafficChecks extends RunWatcher {
  /** A person has spoken: what they did before in the console is settled. */
  spoken(service: string): void;
}

/** Checked at each change of the traffic, whoever makes it. */
export function createTrafficChecks(
  run: () => Run,
  records: () => Records,
  now: () => number,
  frozenSince: (service: string) => number | undefined,
  violate: Violate,
): TrafficChecks {
  const persons = new Map<string, PersonsTraffic>();

  const checkRaised = (service: string, revision: string, percent: number, record: ServiceRecord): void => {
    const request = record.rollbackRequest;
    const byPerson = request !== undefined && request.release === undefined && request.revision === revision;
    const artifact = run().revision(service, revision)?.artifact;
    const release = records().ofRevision(service, revision);
    const overHealth = byPerson
      ? request.overHealth === true
      : release !== undefined && isLetThrough(release);
    if (artifact && hopeless.has(artifact.nature) && !overHealth)
      violate('truth', service, `${revision} (${artifact.nature}) is to get ${percent} %`);
    if (byPerson) return;
    const ways = [request?.revision, record.stable?.revision, record.previousGood?.revision];
    const isWayBack = ways.includes(revision);
    if (release && isQuarantined(release, record, isWayBack))
      violate('quarantine', service, `${revision} is to get ${percent} %`);
    if (isWayBack) return;
    const refusal = release ? mayNotHave(release, percent) : 'nothing is known of it';
    if (refusal !== undefined)
      violate('unverified', service, `${revision} is to get ${percent} %, but ${refusal}`);
  };

  const checkPipeline = (before: WorldService | undefined, after: WorldService, by: Invocation): void => {
    const service = after.name;
    const [had, gets] = [percentsOf(before?.traffic ?? []), percentsOf(after.traffic)];
    if (same(had, gets)) return;
    const record = records().service(service);
    const person = persons.get(service);
    const askedByPerson =
      record.rollbackRequest !== undefined && record.rollbackRequest.release === undefined;
    if (person && !askedByPerson)
      violate(
        'person',
        service,
        `${by.key} asks for ${inWords(gets)}, over what a person set: ${inWords(person.percents)}`,
      );
    const frozenAt = frozenSince(service);
    const read = by.readAt.get(objects.service(service)) ?? -Infinity;
    // Whoever has read the record before it was frozen may be a moment late; the etag does not know of freezes.
    if (frozenAt !== undefined && read > frozenAt && record.rollbackRequest === undefined)
      violate('person', service, `${by.key} asks for ${inWords(gets)} although the service is frozen`);
    // A person's rollback that is refused leaves asked for what it found served: nobody gets more than they have.
    const isGivenBack = before && askedByPerson && same(gets, percentsOf(servedBy(before)));
    for (const [revision, percent] of gets) {
      if (revision === pinned) violate('sum', service, `${percent} % go to whatever is ready last`);
      else if (percent > (had.get(revision) ?? 0) && !isGivenBack)
        checkRaised(service, revision, percent, record);
    }
  };

  /** A deployment gives its candidate an address, and percents only where nothing else can have them. */
  const checkDeployment = (before: WorldService | undefined, after: WorldService): void => {
    if (!before) return;
    const [had, gets] = [percentsOf(before.traffic), percentsOf(after.traffic)];
    for (const [revision, percent] of gets) {
      if (percent <= (had.get(revision) ?? 0)) continue;
      const usable = [...had.keys()].filter(
        (each) => each !== pinned && run().revision(after.name, each)?.ready !== 'no',
      );
      const served = percentsOf(before.serving);
      if (usable.length > 0 && !usable.includes(revision) && !served.has(revision))
        violate('deploy', after.name, `${revision} gets ${percent} % of ${inWords(had)} by a deployment`);
    }
  };

  return {
    asked(before, after, by) {
      const total = after.traffic.reduce((sum, { percent }) => sum + percent, 0);
      if (total !== 100) violate('sum', after.name, `the percents add up to ${total}`);
      if (by.actor === functionsActor) checkPipeline(before, after, by);
      else if (by.actor === 'cloud-build') checkDeployment(before, after);
      else if (!before || !same(percentsOf(before.traffic), percentsOf(after.traffic))) {
        const record = records().service(after.name);
        const percents = percentsOf(after.traffic);
        // What was asked for anyway is nobody's own; and who puts back what was there, in the moment after the pipeline has
        // changed it, cannot be told from a change that has not come through yet.
        const known = [record.traffic?.asked ?? [], ...(record.traffic?.before ?? [])];
        const isOurs = known.some((shares) =>
          same(percents, new Map(shares.map(({ revision, percent }) => [revision, percent]))),
        );
        if (record.traffic && !isOurs) persons.set(after.name, { at: now(), percents });
        else persons.delete(after.name);
        return;
      }
      if (by.actor === functionsActor) persons.delete(after.name);
    },
    served(_before, after) {
      const total = after.serving.reduce((sum, { percent }) => sum + percent, 0);
      if (total !== 100) violate('sum', after.name, `${total} % are served`);
    },
    spoken(service) {
      persons.delete(service);
    },
  };
}

/**
 * By its image or as another build of its commit; or it is itself what was taken back. What a rerun is taken back to may
 * well be an earlier build of the same commit; and where nothing else is left, what is stable goes on, however bad.
 */
const isQuarantined = (
  release: Release,
  { quarantine, stable }: ServiceRecord,
  isWayBack: boolean,
): boolean =>
  quarantine.some(
    ({ release: id, commit, digest }) =>
      (id === release.id && stable?.release !== id) ||
      (!isWayBack && (commit === release.commit || release.build.digests.includes(digest))),
  );

/** By a person, who was told that nothing could be found out about it. */
const isLetThrough = ({ verdict, approvals, promoted }: Release): boolean =>
  verdict?.verdict === 'inconclusive' && (approvals.length > 0 || promoted !== undefined);

/** Why a release must not have so much of the traffic. */
function mayNotHave(release: Release, percent: number): string | undefined {
  const { verdict, steps, stage, build } = release;
  if (build.status !== 'SUCCESS') return `its build is ${build.status}`;
  if (verdict?.verdict !== 'healthy' && !isLetThrough(release))
    return `its verdict is ${verdict?.verdict ?? 'still open'}`;
  if (stage === 'failed' || stage === 'rolled-back') return `it is ${stage}`;
  const most = Math.max(0, ...steps.map((step) => step.percent));
  return percent > most ? `its step is ${most} %` : undefined;
}
