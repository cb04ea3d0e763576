import type { protos, RevisionsClient, ServicesClient } from '@google-cloud/run';
import type { GoogleApi } from './google-api.ts';
import { askAgain } from './retries.ts';

type IService = protos.google.cloud.run.v2.IService;
type IRevision = protos.google.cloud.run.v2.IRevision;
type ICondition = protos.google.cloud.run.v2.ICondition;
type ITrafficTarget = protos.google.cloud.run.v2.ITrafficTarget;

/** One entry of a service's desired traffic. `latest` is a pin to whatever revision is ready last. */
export interface TrafficTarget {
  /** Short name; undefined for the latest. */
  readonly revision: string | undefined;
  readonly percent: number;
  readonly tag: string | undefined;
}

export interface ServingTarget extends TrafficTarget {
  /** The tag's address. */
  readonly url: string | undefined;
}

/** A Cloud Run service as far as releases need it. */
export interface RunService {
  readonly name: string;
  readonly etag: string;
  readonly url: string;
  readonly traffic: readonly TrafficTarget[];
  readonly serving: readonly ServingTarget[];
  /** The spec has been worked through: `serving` is what `traffic` asks for, or the reason why not is in `failure`. */
  readonly settled: boolean;
  readonly failure: string | undefined;
  /** Anybody may call it. */
  readonly open: boolean;
  /** Who changed it last: the address of an account. */
  readonly lastModifier: string | undefined;
}

export interface RunRevision {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly image: string;
  readonly ready: 'yes' | 'no' | 'not-yet';
  /** Why not, in Cloud Run's words. */
  readonly message: string;
  /** RFC 3339. */
  readonly createdAt?: string;
  /** How long its startup probe lets a container take; undefined where it has none of its own. */
  readonly startupSeconds?: number;
}

/** A revision as the list of its service's has it. */
export interface ListedRevision {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly createdAt: string;
}

export interface CloudRun {
  service(name: string): Promise<RunService | undefined>;
  revision(service: string, name: string): Promise<RunRevision | undefined>;
  /** All that there are, in no particular order; none of a service that is absent. */
  revisions(service: string): Promise<ListedRevision[]>;
  /**
   * Sets the whole traffic, if the service still has `etag`; true once Cloud Run has accepted it, false when somebody
   * changed the service meanwhile. Only the traffic is sent: https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration
   */
  setTraffic(service: RunService, traffic: readonly TrafficTarget[]): Promise<boolean>;
  /** Lets anybody call the service, or only those with the invoker role. */
  setOpen(service: RunService, open: boolean): Promise<boolean>;
  /**
   * Deletes a revision; true once it is gone, or was already. False when Cloud Run keeps it: traffic or a tag leads to
   * it, or it is the latest. https://cloud.google.com/run/docs/managing/revisions#delete
   */
  deleteRevision(service: string, name: string): Promise<boolean>;
}

/** gRPC codes, as the clients put them into their errors. */
const grpc = { notFound: 5, alreadyExists: 6, failedPrecondition: 9, aborted: 10 } as const;

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
/** The REST transport reports some errors by their HTTP status. */
const isNotFound = (error: unknown): boolean => codeOf(error) === grpc.notFound || codeOf(error) === 404;
const isConflict = (error: unknown): boolean =>
  ([grpc.aborted, grpc.failedPrecondition, 409, 412] as unknown[]).includes(codeOf(error));

const shortName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
const orUndefined = (text: string | null | undefined): string | undefined =>
  text === '' || text === null ? undefined : text;

/** Enums arrive by name or by number, depending on the transport. */
const isLatest = (target: ITrafficTarget): boolean =>
  ['TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', '1'].includes(String(target.type));
function conditionState({ state }: ICondition): 'succeeded' | 'failed' | 'pending' {
  if (['CONDITION_SUCCEEDED', '4'].includes(String(state))) return 'succeeded';
  return ['CONDITION_FAILED', '3'].includes(String(state)) ? 'failed' : 'pending';
}

const readTarget = (target: ITrafficTarget): TrafficTarget => ({
  revision: isLatest(target) ? undefined : orUndefined(target.revision && shortName(target.revision)),
  percent: target.percent ?? 0,
  tag: orUndefined(target.tag),
});

function readService(service: IService): RunService {
  const ready = service.terminalCondition ?? undefined;
  const state = ready ? conditionState(ready) : 'pending';
  const observed = String(service.observedGeneration ?? '') === String(service.generation ?? '');
  return {
    name: service.name ?? '',
    etag: service.etag ?? '',
    url: service.uri ?? '',
    traffic: (service.traffic ?? []).map(readTarget),
    serving: (service.trafficStatuses ?? []).map((status) => ({
      ...readTarget(status),
      // An entry for the latest revision may come without its name: it is the latest ready one.
      revision:
        orUndefined(status.revision && shortName(status.revision)) ??
        orUndefined(shortName(service.latestReadyRevision ?? '')),
      url: orUndefined(status.uri),
    })),
    settled: observed && service.reconciling !== true && state !== 'pending',
    failure: state === 'failed' ? (ready?.message ?? 'the service is not ready') : undefined,
    open: service.invokerIamDisabled === true,
    lastModifier: orUndefined(service.lastModifier),
  };
}

function createdAt({ createTime }: IRevision): string {
  const { seconds, nanos } = createTime ?? {};
  // The seconds come as a number, a text or an object, depending on the transport.
  const createdMs = Number((seconds ?? 0).toString()) * 1000 + Math.floor((nanos ?? 0) / 1e6);
  return new Date(createdMs).toISOString();
}

/** Zero is how protocol buffers say that nothing was given. */
const given = (value: number | null | undefined, otherwise: number): number =>
  value === undefined || value === null || value === 0 ? otherwise : value;

/** Cloud Run's defaults for what a probe leaves open: https://cloud.google.com/run/docs/configuring/healthchecks */
function startupSecondsOf({ containers }: IRevision): number | undefined {
  const probe = containers?.[0]?.startupProbe;
  if (!probe) return undefined;
  const { initialDelaySeconds, periodSeconds, failureThreshold } = probe;
  return (initialDelaySeconds ?? 0) + given(periodSeconds, 10) * given(failureThreshold, 3);
}

function readRevision(revision: IRevision): RunRevision {
  const ready = (revision.conditions ?? []).find(({ type }) => type === 'Ready');
  const state = ready ? conditionState(ready) : 'pending';
  const startupSeconds = startupSecondsOf(revision);
  return {
    name: shortName(revision.name ?? ''),
    labels: revision.labels ?? {},
    annotations: revision.annotations ?? {},
    image: revision.containers?.[0]?.image ?? '',
    // A candidate without traffic may be "Retired" and yet ready: only the Ready condition counts.
    ready: state === 'succeeded' ? 'yes' : state === 'failed' ? 'no' : 'not-yet',
    message: ready?.message ?? '',
    createdAt: createdAt(revision),
    ...(startupSeconds === undefined ? {} : { startupSeconds }),
  };
}

const listedRevision = (revision: IRevision): ListedRevision => ({
  name: shortName(revision.name ?? ''),
  labels: revision.labels ?? {},
  createdAt: createdAt(revision),
});

const writeTarget = ({ revision, percent, tag }: TrafficTarget): ITrafficTarget => ({
  type:
    revision === undefined
      ? 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST'
      : 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
  ...(revision === undefined ? {} : { revision }),
  percent,
  ...(tag === undefined ? {} : { tag }),
});

export function openCloudRun(api: GoogleApi, project: string, region: string): CloudRun {
  let clients: Promise<{ services: ServicesClient; revisions: RevisionsClient }> | undefined;
  const connect = (): NonNullable<typeof clients> =>
    (clients ??= import('@google-cloud/run').then((run) => ({
      services: new run.ServicesClient(api.clientOptions),
      revisions: new run.RevisionsClient(api.clientOptions),
    })));
  const parent = `projects/${project}/locations/${region}/services`;

  const orNothing = async <T>(read: Promise<T>): Promise<T | undefined> => {
    try {
      return await read;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  /**
   * Sends only what `mask` names, with the etag that was read. The etag makes asking again harmless: had the first
   * attempt come through although its answer was an error, the second finds another etag. That looks like somebody
   * else's change, and asks the caller for the same: to read anew.
   */
  const patch = async (service: RunService, change: IService, mask: string): Promise<boolean> => {
    const { services } = await connect();
    try {
      await services.updateService(
        { service: { name: service.name, etag: service.etag, ...change }, updateMask: { paths: [mask] } },
        askAgain,
      );
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  };

  return {
    async service(name) {
      const { services } = await connect();
      const found = await orNothing(services.getService({ name: `${parent}/${name}` }, askAgain));
      return found && readService(found[0]);
    },
    async revision(service, name) {
      const { revisions } = await connect();
      const found = await orNothing(
        revisions.getRevision({ name: `${parent}/${service}/revisions/${name}` }, askAgain),
      );
      return found && readRevision(found[0]);
    },
    async revisions(service) {
      const { revisions } = await connect();
      const found = await orNothing(
        revisions.listRevisions({ parent: `${parent}/${service}` }, { ...askAgain, autoPaginate: true }),
      );
      return (found?.[0] ?? []).map(listedRevision);
    },
    setTraffic: (service, traffic) => patch(service, { traffic: traffic.map(writeTarget) }, 'traffic'),
    setOpen: (service, open) => patch(service, { invokerIamDisabled: open }, 'invoker_iam_disabled'),
    async deleteRevision(service, name) {
      const { revisions } = await connect();
      try {
        const [operation] = await revisions.deleteRevision(
          { name: `${parent}/${service}/revisions/${name}` },
          askAgain,
        );
        await operation.promise();
      } catch (error) {
        if (isNotFound(error)) return true;
        if (isConflict(error)) return false;
        throw error;
      }
      return true;
    },
  };
}
