import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { LogWriter } from '../core/links.ts';
import { pageOf } from '../core/page.ts';
import type { Methods } from '../core/proto-routes.ts';
import type { ApiRequest } from '../core/room.ts';
import { audited } from './audited.ts';
import { callerOf } from './caller.ts';
import { deletionObstacle } from './deletion-obstacle.ts';
import { locationOf, shortName } from './names.ts';
import type { RevisionRecord, Stores } from './records.ts';
import type { Revision } from './resources.ts';
import type { RevisionPool } from './revision-pool.ts';
import { activeCondition } from './revision-transitions.ts';
import type { ServiceController } from './service-controller.ts';
import { routedRevisions } from './traffic.ts';

export interface RevisionsApiDeps {
  readonly context: CloudContext;
  readonly stores: Stores;
  readonly controller: ServiceController;
  readonly pool: RevisionPool;
  readonly log: LogWriter;
}

/** Newest first, as text. */
const orderOf = ({ configurationGeneration, revision }: RevisionRecord): string =>
  `${String(1e15 - Number(configurationGeneration)).padStart(16, '0')} ${revision.name}`;

/** `google.cloud.run.v2.Revisions`. */
export function revisionsApi({ context, stores, controller, pool, log }: RevisionsApiDeps): Methods {
  const { services, revisions } = stores;

  const existing = (name: string): RevisionRecord => {
    const record = revisions.get(name);
    if (!record) throw new ApiError('NOT_FOUND', `Revision '${shortName(name)}' does not exist.`);
    return record;
  };
  const answer = ({ revision }: RevisionRecord): Revision => {
    const service = services.get(revision.service);
    const routed = service !== undefined && routedRevisions(service.routes).has(shortName(revision.name));
    const active = activeCondition(pool.isRunning(revision.name), routed, timestamp(context.clock));
    return {
      ...revision,
      conditions:
        revision.reconciling === true
          ? (revision.conditions ?? [])
          : [...(revision.conditions ?? []), active],
      etag: `"${revision.uid}"`,
    };
  };

  return {
    GetRevision: ({ name }: { name: string }) => answer(existing(name)),
    ListRevisions({ parent, ...page }: { parent: string; pageSize?: number; pageToken?: string }) {
      const all = revisions.values(`${parent}/revisions/`).sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
      const { page: items, ...next } = pageOf(all, orderOf, page);
      return { revisions: items.map(answer), ...next };
    },
    DeleteRevision(message: { name: string; validateOnly?: boolean; etag?: string }, request: ApiRequest) {
      const { name, validateOnly = false, etag } = message;
      const caller = callerOf(request.headers, context.identity, context.projectId);
      const call = { name, method: 'Revisions.DeleteRevision', caller, request: message };
      return audited(log, call, async () => {
        const revision = answer(existing(name));
        if (etag && etag !== revision.etag)
          throw new ApiError(
            'ABORTED',
            `Conflict for resource '${shortName(name)}': the etag does not match`,
          );
        const service = services.get(revision.service);
        const obstacle = service && deletionObstacle(shortName(name), service);
        if (obstacle !== undefined) throw new ApiError('FAILED_PRECONDITION', obstacle);
        const body = {
          '@type': 'type.googleapis.com/google.cloud.run.v2.Revision',
          ...revision,
          deleteTime: timestamp(context.clock),
        };
        const { name: operation } = context.operations.begin(locationOf(name), body);
        if (!validateOnly) await controller.removeRevision(name);
        context.operations.succeed(operation, body);
        return context.operations.get(operation);
      });
    },
  };
}
