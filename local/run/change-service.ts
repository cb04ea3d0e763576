import { ApiError } from '../core/api-error.ts';
import { specOf } from './field-mask.ts';
import { generatedRevisionName, revisionName, shortName } from './names.ts';
import { omit } from './omit.ts';
import type { AuditMethod, RevisionRecord, ServiceRecord } from './records.ts';
import type { Condition, RevisionTemplate, Service, ServiceSpec } from './resources.ts';
import { newRevision } from './revision-transitions.ts';
import { sameJson } from './same-json.ts';
import { checkTraffic } from './traffic.ts';

export interface ServiceChange {
  /** Full name. */
  readonly name: string;
  /** All of what the user wants now: merged, checked, with defaults. */
  readonly spec: ServiceSpec;
  /** The request spoke of the whole service, not of single fields. */
  readonly whole: boolean;
  readonly touchesTemplate: boolean;
  readonly method: AuditMethod;
  readonly operation: string;
  readonly caller: string;
  /** RFC 3339. */
  readonly now: string;
  readonly uid: () => string;
  readonly random: () => number;
  /** The address of a service that is new. */
  readonly uri: string;
  /** Where the logs of a revision (full name) can be read. */
  readonly logUri: (revision: string) => string;
}

export interface ServiceDecision {
  readonly record: ServiceRecord;
  /** To be started. */
  readonly revision?: RevisionRecord;
}

const content = (template: RevisionTemplate): object => omit(template, 'revision');

/**
 * The template's revision when the change brings a new one, else undefined. A name that exists stands for what it was
 * made of: the same again is no change, anything else is refused. A service that is sent back whole with a revision's
 * name in it is refused as well, even if only its traffic differs: Cloud Run does so.
 * https://github.com/googleapis/google-cloud-python/issues/11870
 */
function broughtRevision(
  current: ServiceRecord | undefined,
  revisionOf: (revision: string) => RevisionRecord | undefined,
  { name, spec, whole, touchesTemplate, random }: ServiceChange,
): string | undefined {
  const template = spec.template ?? {};
  if (current && !touchesTemplate) return undefined;
  if (current && sameJson(specOf(current.service), spec)) return undefined;
  const named = template.revision;
  if (named !== undefined) {
    const existing = revisionOf(named);
    if (!existing) return named;
    if (!whole && sameJson(content(existing.template), content(template))) return undefined;
    throw new ApiError(
      'ALREADY_EXISTS',
      `Revision named '${named}' with different configuration already exists.`,
    );
  }
  if (current && sameJson(current.service.template, template)) return undefined;
  return generatedRevisionName(shortName(name), (current?.revisionCount ?? 0) + 1, random);
}

const reconciling = (type: string, now: string): Condition => ({
  type,
  state: 'CONDITION_RECONCILING',
  lastTransitionTime: now,
});

function newService({ name, spec, caller, now, uid, uri }: ServiceChange): Service {
  return {
    ...spec,
    name,
    uid: uid(),
    generation: '0',
    createTime: now,
    updateTime: now,
    creator: caller,
    uri,
    urls: [uri],
  };
}

/**
 * What a service becomes when a user changes it; `revisionOf` knows its revisions. The result is not settled yet:
 * `settleService` says what came of it. Throws ApiError when the change is refused.
 */
export function changeService(
  current: ServiceRecord | undefined,
  revisionOf: (revision: string) => RevisionRecord | undefined,
  change: ServiceChange,
): ServiceDecision {
  const { name, spec, now, caller, method, operation } = change;
  const before = current?.service ?? newService(change);
  const brought = broughtRevision(current, revisionOf, change);
  checkTraffic(
    shortName(name),
    spec.traffic ?? [],
    (revision) => revision === brought || revisionOf(revision) !== undefined,
  );
  if (current && brought === undefined && sameJson(specOf(before), spec)) {
    return { record: { ...current, operations: [...current.operations, operation] } };
  }

  const generation = String(Number(before.generation) + 1);
  const kept = Object.fromEntries(Object.entries(before).filter(([key]) => !(key in specOf(before))));
  const service: Service = {
    ...(kept as unknown as Service),
    ...spec,
    generation,
    updateTime: now,
    lastModifier: caller,
    reconciling: true,
    terminalCondition: reconciling('Ready', now),
    conditions: [reconciling('RoutesReady', now), reconciling('ConfigurationsReady', now)],
    ...(brought === undefined ? {} : { latestCreatedRevision: revisionName(name, brought) }),
  };
  const rest = current
    ? omit(current, 'broughtRevision')
    : { routes: { shares: [], tags: {} }, revisionCount: 0, operations: [], formerTags: [] };
  const record: ServiceRecord = {
    ...rest,
    service,
    method,
    operations: [...rest.operations, operation],
    revisionCount: rest.revisionCount + (brought === undefined ? 0 : 1),
    ...(brought === undefined ? {} : { broughtRevision: brought }),
  };
  return brought === undefined
    ? { record }
    : {
        record,
        revision: newRevision(service, brought, {
          uid: change.uid(),
          now,
          caller,
          method,
          operation,
          logUri: change.logUri(revisionName(name, brought)),
        }),
      };
}
