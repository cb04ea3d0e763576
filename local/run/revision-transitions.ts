import { revisionName } from './names.ts';
import { omit } from './omit.ts';
import type { AuditMethod, RevisionRecord } from './records.ts';
import type { Condition, Revision, Service } from './resources.ts';
import type { StartFailure } from './start-failure.ts';

const condition = (
  type: string,
  state: Condition['state'],
  now: string,
  rest: Partial<Condition> = {},
): Condition => ({
  type,
  state,
  lastTransitionTime: now,
  ...rest,
});

/** The revision that `service`'s template stands for, not started yet. */
export function newRevision(
  service: Service,
  revision: string,
  by: {
    uid: string;
    now: string;
    caller: string;
    method: AuditMethod;
    operation: string;
    logUri: string;
  },
): RevisionRecord {
  const record: Revision = {
    ...omit(service.template ?? {}, 'revision'),
    name: revisionName(service.name, revision),
    service: service.name,
    uid: by.uid,
    generation: '1',
    createTime: by.now,
    updateTime: by.now,
    creator: by.caller,
    logUri: by.logUri,
    reconciling: true,
    conditions: ['Ready', 'ContainerHealthy', 'ContainerReady', 'ResourcesAvailable'].map((type) =>
      condition(type, 'CONDITION_RECONCILING', by.now),
    ),
  };
  return {
    revision: record,
    template: service.template ?? {},
    configurationGeneration: service.generation,
    method: by.method,
    operation: by.operation,
  };
}

function settled(record: RevisionRecord, now: string, conditions: Condition[]): RevisionRecord {
  return {
    ...record,
    revision: {
      ...record.revision,
      reconciling: false,
      observedGeneration: record.revision.generation,
      updateTime: now,
      conditions,
    },
  };
}

/** `image` is the reference by digest; Cloud Run pins a revision to it, so that a moved tag changes nothing. */
export function withImage(record: RevisionRecord, image: string): RevisionRecord {
  const [container, ...others] = record.revision.containers ?? [];
  return {
    ...record,
    image,
    revision: { ...record.revision, containers: [{ ...container, image }, ...others] },
  };
}

export function revisionReady(record: RevisionRecord, now: string): RevisionRecord {
  const seconds = (Date.parse(now) - Date.parse(record.revision.createTime)) / 1000;
  return settled(record, now, [
    condition('Ready', 'CONDITION_SUCCEEDED', now, {
      message: `Deploying revision succeeded in ${seconds.toFixed(2)}s.`,
    }),
    ...['ContainerHealthy', 'ContainerReady', 'ResourcesAvailable'].map((type) =>
      condition(type, 'CONDITION_SUCCEEDED', now),
    ),
  ]);
}

export function revisionFailed(record: RevisionRecord, failure: StartFailure, now: string): RevisionRecord {
  const why: Partial<Condition> = {
    message: failure.message,
    severity: 'ERROR',
    ...failure.condition,
  };
  const state = (type: string): Condition =>
    type === failure.part
      ? condition(type, 'CONDITION_FAILED', now, why)
      : condition(type, 'CONDITION_SUCCEEDED', now);
  return settled(record, now, [
    condition('Ready', 'CONDITION_FAILED', now, why),
    state('ContainerHealthy'),
    state('ContainerReady'),
    state('ResourcesAvailable'),
  ]);
}

/**
 * The condition that says whether a revision has an instance; it is no matter of whether it is ready. A revision that
 * nothing is routed to is Ready and Retired.
 */
export function activeCondition(running: boolean, routed: boolean, now: string): Condition {
  if (running) return condition('Active', 'CONDITION_SUCCEEDED', now);
  return condition('Active', 'CONDITION_FAILED', now, {
    severity: 'INFO',
    message: routed ? 'No instance is running; a request starts one.' : 'Revision retired.',
    revisionReason: routed ? 'RESERVE' : 'RETIRED',
  });
}
