import type { ListedRevision, RunService } from '../platform/cloud-run.ts';
import { candidateTag, labels, releaseKey, revisionName, type ReleaseKey } from '../release/naming.ts';
import type { ServiceRecord } from '../release/service-record.ts';

/** What of a service is not needed any more. */
export interface Expendable {
  /** To be taken out of the traffic. */
  readonly tags: readonly string[];
  /** Oldest first. Nothing leads to them. */
  readonly revisions: readonly string[];
}

/**
 * Kept of the pipeline's own beside what is protected, the newest. Cloud Run drops the oldest by itself beyond 1,000
 * revisions a service and 2,000 tags a project and region, and knows nothing of a way back: we stay far below.
 * https://cloud.google.com/run/quotas
 */
export const keptTags = 20;
export const keptRevisions = 50;

/** What there is to see of a service. */
export interface Holdings {
  readonly service: string;
  readonly traffic: RunService['traffic'];
  readonly serving: RunService['serving'];
  readonly record: ServiceRecord;
  readonly revisions: readonly ListedRevision[];
  /** The service's releases that are under way. */
  readonly active: readonly ReleaseKey[];
}

interface Own {
  readonly name: string;
  readonly tag: string;
  readonly createdAt: string;
}

/** Tags and revisions of the pipeline's own that neither traffic nor a way back needs. Those of people are not touched. */
export function expendable(holdings: Holdings): Expendable {
  const { service, traffic, serving, revisions } = holdings;
  const safe = protectedRevisions(holdings);
  const rest = revisions
    .flatMap((revision) => ownRevision(service, revision))
    .filter(({ name }) => !safe.has(name))
    .sort((a, b) => (order(a) < order(b) ? 1 : -1));
  const isTagged = ({ name, tag }: Own): boolean =>
    traffic.some((target) => target.tag === tag && target.revision === name);
  // A revision that is tagged now, by whomever, is not deleted yet: its tag has to be gone from what is served first.
  const leadsTo = new Set([...traffic, ...serving].map(({ revision }) => revision));
  return {
    tags: rest
      .filter(isTagged)
      .slice(keptTags)
      .map(({ tag }) => tag),
    revisions: rest
      .slice(keptRevisions)
      .map(({ name }) => name)
      .filter((name) => !leadsTo.has(name))
      .reverse(),
  };
}

/** The revision with the tag that a build has given it, if it was made by one: labels and name have to agree. */
function ownRevision(service: string, { name, labels: given, createdAt }: ListedRevision): Own[] {
  const { [labels.commit]: commit, [labels.build]: build } = given;
  if (!commit || !build) return [];
  const key = releaseKey(service, commit, build);
  return revisionName(key) === name ? [{ name, tag: candidateTag(key), createdAt }] : [];
}

const order = ({ createdAt, name }: Own): string => `${createdAt} ${name}`;

/** Whatever serves, may come to serve by itself, or is a way back. */
function protectedRevisions({
  service,
  traffic,
  serving,
  record,
  active,
}: Holdings): ReadonlySet<string | undefined> {
  const { stable, previousGood, rollingOut, rollbackRequest, traffic: known } = record;
  const underWay = [...active.map(({ id }) => id), ...(rollingOut ? [rollingOut.release] : [])];
  return new Set([
    stable?.revision,
    previousGood?.revision,
    rollbackRequest?.revision,
    ...underWay.map((id) => revisionName({ service, id })),
    ...[...traffic, ...serving].filter(({ percent }) => percent > 0).map(({ revision }) => revision),
    ...[known?.asked ?? [], ...(known?.before ?? [])].flat().map(({ revision }) => revision),
  ]);
}
