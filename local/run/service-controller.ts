import type { Server } from 'node:http';
import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { Addresses } from './addresses.ts';
import type { ServiceDecision } from './change-service.ts';
import { createCoalescer } from './coalesce.ts';
import { withEtag } from './etag.ts';
import { surplusRevisions, type RunLimits } from './limits.ts';
import { serviceReadiness } from './log-entries.ts';
import { parseName, revisionName, shortName } from './names.ts';
import { revisionState, type RevisionRecord, type ServiceRecord } from './records.ts';
import { startRevision, type StartDeps } from './start-revision.ts';
import { sameJson } from './same-json.ts';
import { settleService } from './settle-service.ts';
import { routedRevisions } from './traffic.ts';

/** The ports of this many tags that are no longer in use are kept from others. */
const formerTagsKept = 200;

/** Carries out what services want: starts their revisions, opens their addresses, moves traffic, finishes operations. */
export interface ServiceController {
  /** The address of a service, opened when it is new. */
  address(service: string): Promise<string>;
  /** Stores a decision and begins to carry it out. The operation in it must have begun. */
  apply(decision: ServiceDecision): void;
  /** Marks a service as deleted and begins to take it down. */
  remove(service: string, operation: string): void;
  removeRevision(revision: string): Promise<void>;
  /** Takes up what an earlier run has left. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface ControllerDeps extends StartDeps {
  readonly addresses: Addresses;
  /** The server of a service's address, or of one of its tags'. */
  readonly makeServer: (service: string, tag: string) => Server;
  readonly limits: RunLimits;
}

export function createServiceController(deps: ControllerDeps): ServiceController {
  const { context, stores, pool, addresses, log, makeServer, limits, projectNumber } = deps;
  const { services, revisions } = stores;
  const { operations, clock } = context;
  const starting = new Map<string, Promise<void>>();
  let stopped = false;

  const keyOf = (service: string, tag = ''): string => addressKey(context, service, tag);
  const numberOf = (name: string): string => projectNumber(parseName(name).project);
  const revisionsOf = (service: string): RevisionRecord[] => revisions.values(`${service}/revisions/`);

  const open = (service: string, tag: string): Promise<string> =>
    addresses.open(keyOf(service, tag), () => makeServer(service, tag));

  const startRevisions = (service: string): void => {
    for (const record of revisionsOf(service)) {
      const { name } = record.revision;
      if (revisionState(record) !== 'starting' || starting.has(name)) continue;
      const started = startRevision(name, deps).then(
        () => {
          starting.delete(name);
          if (!stopped) void reconcile(service);
        },
        (error: unknown) => {
          // What has come of it could not be stored: the next run of the local cloud tries again.
          starting.delete(name);
          context.log('error', `${name}: ${(error as Error).stack ?? String(error)}`);
        },
      );
      starting.set(name, started);
    }
  };

  /** Tells every revision why it should run, now that the routes are `record`'s. */
  const route = ({ service, routes }: ServiceRecord): void => {
    const routed = routedRevisions(routes);
    const withTraffic = new Set(routes.shares.map(({ revision }) => revision));
    for (const record of revisionsOf(service.name)) {
      if (revisionState(record) !== 'ready') continue;
      const { name } = record.revision;
      const short = shortName(name);
      pool.runtime(name).demand(withTraffic.has(short) ? 'traffic' : routed.has(short) ? 'tag' : 'none');
    }
  };

  const wantedTags = ({ service, routes }: ServiceRecord): string[] => [
    ...new Set([
      ...(service.traffic ?? []).flatMap(({ tag }) => (tag ? [tag] : [])),
      ...Object.keys(routes.tags),
    ]),
  ];

  /** Closes the addresses of tags that are gone. Their ports stay theirs for a while: a link to one must not lead to another. */
  const withoutFormerTags = (before: ServiceRecord, after: ServiceRecord): ServiceRecord => {
    const wanted = new Set(wantedTags(after));
    const gone = wantedTags(before).filter((tag) => !wanted.has(tag));
    for (const tag of gone) addresses.close(keyOf(after.service.name, tag));
    const former = [...after.formerTags.filter((tag) => !wanted.has(tag) && !gone.includes(tag)), ...gone];
    for (const tag of former.slice(0, -formerTagsKept)) context.ports.release(keyOf(after.service.name, tag));
    return { ...after, formerTags: former.slice(-formerTagsKept) };
  };

  const finish = (record: ServiceRecord, failure: string | undefined): void => {
    for (const operation of record.operations) {
      if (failure === undefined) {
        operations.succeed(operation, {
          '@type': 'type.googleapis.com/google.cloud.run.v2.Service',
          ...withEtag(record.service),
        });
      } else {
        operations.fail(operation, new ApiError('FAILED_PRECONDITION', failure));
      }
    }
  };

  /** An address keeps its port, unless another program has taken it while the local cloud was down. */
  const withCurrentUris = (record: ServiceRecord): ServiceRecord => {
    const { name, trafficStatuses = [] } = record.service;
    const uri = addresses.uri(keyOf(name)) ?? '';
    const statuses = trafficStatuses.map((status) =>
      status.tag ? { ...status, uri: addresses.uri(keyOf(name, status.tag)) ?? '' } : status,
    );
    return {
      ...record,
      service: {
        ...record.service,
        uri,
        urls: [uri],
        ...(trafficStatuses.length > 0 ? { trafficStatuses: statuses } : {}),
      },
    };
  };

  const settle = (record: ServiceRecord): void => {
    const { name } = record.service;
    if (record.service.reconciling !== true && record.operations.length === 0) {
      const current = withCurrentUris(record);
      if (!sameJson(current, record)) services.set(name, current);
      route(record);
      return;
    }
    const settlement = settleService(
      withCurrentUris(record),
      (revision) => revisions.get(revisionName(name, revision)),
      (tag) => addresses.uri(keyOf(name, tag)) ?? '',
      timestamp(clock),
    );
    if (settlement.kind === 'waiting') return;
    const after = withoutFormerTags(record, settlement.record);
    log.write(serviceReadiness(after, numberOf(name)));
    finish(after, settlement.failure);
    services.set(name, { ...after, operations: [] });
    route(after);
    for (const surplus of surplusRevisions(after, revisionsOf(name), limits.revisionsPerService)) {
      void removeRevision(surplus).catch((error: unknown) => {
        context.log('error', `${surplus} could not be taken down: ${String(error)}`);
      });
    }
  };

  const takeDown = async (record: ServiceRecord): Promise<void> => {
    const { name } = record.service;
    const tags = [...new Set([...wantedTags(record), ...record.formerTags])];
    for (const tag of ['', ...tags]) addresses.close(keyOf(name, tag));
    await Promise.all(revisionsOf(name).map(({ revision }) => pool.remove(revision.name)));
    if (stopped) return;
    for (const { revision } of revisionsOf(name)) revisions.delete(revision.name);
    for (const tag of ['', ...tags]) context.ports.release(keyOf(name, tag));
    log.write(serviceReadiness(record, numberOf(name)));
    finish(record, undefined);
    // A later service of the same name must not be public because this one was.
    stores.policies.delete(name);
    services.delete(name);
  };

  const reconcile = createCoalescer(
    async (service) => {
      for (;;) {
        const record = services.get(service);
        if (!record || stopped) return;
        if (record.service.deleteTime !== undefined) {
          await takeDown(record);
          return;
        }
        const tags = wantedTags(record);
        const missing = ['', ...tags].filter((tag) => addresses.uri(keyOf(service, tag)) === undefined);
        if (missing.length === 0) {
          startRevisions(service);
          settle(record);
          return;
        }
        // The record may change meanwhile, so it is read anew.
        await Promise.all(missing.map((tag) => open(service, tag)));
      }
    },
    (service, error) => {
      context.log('error', `${service} could not be reconciled: ${(error as Error).stack ?? String(error)}`);
    },
  );

  const removeRevision = async (revision: string): Promise<void> => {
    revisions.delete(revision);
    await pool.remove(revision);
  };

  return {
    address: (service) => open(service, ''),
    apply({ record, revision }) {
      if (revision) revisions.set(revision.revision.name, revision);
      const { name } = record.service;
      const before = services.get(name);
      services.set(name, before ? withoutFormerTags(before, record) : record);
      void reconcile(name);
    },
    remove(service, operation) {
      const record = services.get(service);
      if (!record) return;
      for (const earlier of record.operations) {
        operations.fail(earlier, new ApiError('ABORTED', `${service} has been deleted meanwhile`));
      }
      const now = timestamp(clock);
      services.set(service, {
        ...record,
        operations: [operation],
        service: {
          ...record.service,
          deleteTime: now,
          terminalCondition: {
            type: 'Ready',
            state: 'CONDITION_SUCCEEDED',
            message: 'Deletion in progress.',
            lastTransitionTime: now,
          },
        },
      });
      void reconcile(service);
    },
    removeRevision,
    async start() {
      await Promise.all(services.entries().map(([name]) => reconcile(name)));
    },
    async stop() {
      stopped = true;
      addresses.stop();
      await pool.stop();
      await Promise.all(starting.values());
      await reconcile.idle();
    },
  };
}

/** `run/web` and `run/web/tag`; a service outside the default project and region has its full name in the key. */
function addressKey({ projectId, region }: CloudContext, service: string, tag: string): string {
  const { project, location, service: short } = parseName(service);
  const name = project === projectId && location === region ? short : service;
  return tag === '' ? `run/${name}` : `run/${name}/${tag}`;
}
