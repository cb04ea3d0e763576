import { revisionName, shortName } from './names.ts';
import { readyMessage, revisionState, type RevisionRecord, type ServiceRecord } from './records.ts';
import type { Condition } from './resources.ts';
import { namedRevision, routesFor, trafficStatuses } from './traffic.ts';

export type Settlement =
  /** A revision that the service depends on is still starting. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'settled'; readonly record: ServiceRecord; readonly failure?: string };

const notReady = (revision: string, why: string): string =>
  `Revision '${revision}' is not ready and cannot serve traffic. ${why}`;

/** The first revision in the way of what the user wants, as a sentence; undefined when nothing is. */
function obstacle(
  record: ServiceRecord,
  revisionOf: (revision: string) => RevisionRecord | undefined,
  latestReady: string,
): string | undefined {
  const { service, broughtRevision } = record;
  const created = shortName(service.latestCreatedRevision ?? '');
  const wanted = (service.traffic ?? []).map((target) => namedRevision(target) ?? (latestReady || created));
  // One that was brought and deleted since is in nobody's way.
  const brought = broughtRevision !== undefined && revisionOf(broughtRevision) ? [broughtRevision] : [];
  for (const revision of [...brought, ...wanted]) {
    const found = revisionOf(revision);
    if (!found) return `Revision '${revision}' does not exist or is deleted.`;
    if (revisionState(found) === 'failed') return notReady(revision, readyMessage(found));
  }
  return undefined;
}

/**
 * What has come of the user's last change. Traffic moves only when every revision it names is ready, and the one that
 * the change has brought; otherwise all of it stays where it was and the service is not ready.
 */
export function settleService(
  record: ServiceRecord,
  revisionOf: (revision: string) => RevisionRecord | undefined,
  uriOfTag: (tag: string) => string,
  now: string,
): Settlement {
  const { service } = record;
  const targets = service.traffic ?? [];
  const created = shortName(service.latestCreatedRevision ?? '');
  const starting = [created, ...targets.flatMap((target) => namedRevision(target) ?? [])].some((revision) => {
    const found = revisionOf(revision);
    return found !== undefined && revisionState(found) === 'starting';
  });
  if (starting) return { kind: 'waiting' };

  const createdRecord = revisionOf(created);
  const createdReady = createdRecord !== undefined && revisionState(createdRecord) === 'ready';
  const latestReady = createdReady ? created : shortName(service.latestReadyRevision ?? '');
  const failure = obstacle(record, revisionOf, latestReady);
  const condition = (type: string, message: string | undefined): Condition => ({
    type,
    state: message === undefined ? 'CONDITION_SUCCEEDED' : 'CONDITION_FAILED',
    lastTransitionTime: now,
    ...(message === undefined ? {} : { message, severity: 'ERROR', reason: 'REVISION_FAILED' }),
  });
  const configuration =
    createdRecord && !createdReady ? notReady(created, readyMessage(createdRecord)) : undefined;
  const settled = {
    ...service,
    reconciling: false,
    observedGeneration: service.generation,
    ...(latestReady === '' ? {} : { latestReadyRevision: revisionName(service.name, latestReady) }),
    terminalCondition: condition('Ready', failure),
    conditions: [condition('RoutesReady', failure), condition('ConfigurationsReady', configuration)],
  };
  if (failure !== undefined) return { kind: 'settled', failure, record: { ...record, service: settled } };
  return {
    kind: 'settled',
    record: {
      ...record,
      service: { ...settled, trafficStatuses: trafficStatuses(targets, uriOfTag) },
      routes: routesFor(targets, latestReady),
    },
  };
}
