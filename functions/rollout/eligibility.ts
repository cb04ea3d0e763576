import { orderOf, type Release } from '../release/release.ts';
import type { ServiceRecord } from '../release/service-record.ts';

/** Why the release has had its time, if it has: something newer serves or is about to, or a person has said no. */
export function overtakenBy(release: Release, record: ServiceRecord): string | undefined {
  const { stable, rollingOut, rolledBackAt } = record;
  const order = orderOf(release);
  if (stable && stable.release !== release.id && stable.order > order)
    return `a newer release is live: ${stable.revision} of commit ${stable.commit.slice(0, 7)}`;
  if (rollingOut && rollingOut.release !== release.id && rollingOut.order > order)
    return `a newer release is being rolled out: ${rollingOut.release}`;
  if (rolledBackAt !== undefined && rolledBackAt > order)
    return 'the service was rolled back after this commit was pushed; a new push may go live';
  return undefined;
}

/** Why it must not go out again, if it was taken back before: by its image, or as another build of the same commit. */
export function quarantined(release: Release, { quarantine }: ServiceRecord): string | undefined {
  const held = quarantine.find(
    ({ release: id, commit, digest }) =>
      id !== release.id && (commit === release.commit || release.build.digests.includes(digest)),
  );
  return (
    held &&
    `${held.commit === release.commit ? 'this commit' : 'its image'} was taken back on ${held.at} and is quarantined: ${held.reason}`
  );
}

/** Only what the build itself says that it has pushed may be served. */
export function wrongImage({ candidate, build: { digests } }: Release): string | undefined {
  if (digests.length === 0)
    return 'its build names no image that it has pushed; list it under "images:" in the build config';
  if (digests.some((digest) => candidate?.image.endsWith(`@${digest}`))) return undefined;
  return `revision ${candidate?.revision ?? ''} runs an image that its build has not pushed`;
}

/** A revert of the code does not revert the schema. */
export function madeForOldSchema({ candidate }: Release, { schemaFloor }: ServiceRecord): string | undefined {
  const version = candidate?.policy.schema.version ?? 0;
  if (!schemaFloor || version >= schemaFloor.version) return undefined;
  return `it is made for schema ${version}, and release ${schemaFloor.release} has taken the schema to ${schemaFloor.version} for good; say in pipeline.yaml for which schema it is made`;
}

/** Why a person has to approve the next percent first, if one has to and has not. */
export function unapproved(release: Release, percent: number, asked: boolean): string | undefined {
  const needed = asked || (release.candidate?.policy.rollout.approve ?? []).includes(percent);
  const given = release.promoted ?? release.approvals.find((approval) => approval.percent === percent);
  return needed && !given ? `${percent} % waits for approval` : undefined;
}
