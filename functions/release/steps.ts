import type { Release } from './release.ts';
import type { ServiceRecord, Serving } from './service-record.ts';

/** Why a revision must not serve on the schema that the service has by now. */
export function schemaTooOld(
  target: Serving,
  { schemaFloor }: Pick<ServiceRecord, 'schemaFloor'>,
): string | undefined {
  if (!schemaFloor || target.schemaVersion >= schemaFloor.version) return undefined;
  return `${target.revision} was made for schema ${target.schemaVersion}, and release ${schemaFloor.release} has taken the schema to ${schemaFloor.version}, which it declares cannot be undone (reversible: false)`;
}

type Beside = Pick<ServiceRecord, 'stable' | 'schemaFloor' | 'traffic'>;

/**
 * The stable revision that serves what a candidate does not. None for a service's first release; and none where it was made
 * for a schema that is no more and has no traffic any more: it is not to get it back from a release that mends things.
 */
export function servingBeside(record: Beside): Serving | undefined {
  const { stable, traffic } = record;
  if (!stable || schemaTooOld(stable, record) === undefined) return stable;
  // What was asked for may not have come through: the step that it is for is written down after it.
  const known = traffic ? [traffic.asked, ...traffic.before].flat() : [];
  return known.some(({ revision }) => revision === stable.revision) ? stable : undefined;
}

/** The percents through which a release goes; where nothing serves beside it there is nothing to compare, and it goes at once. */
export function percentsOf({ candidate }: Pick<Release, 'candidate'>, record: Beside): number[] {
  const steps = servingBeside(record) ? (candidate?.policy.rollout.steps ?? []) : [];
  return [...steps.map(({ percent }) => percent), 100];
}
