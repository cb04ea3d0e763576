import type { protos, ServicesClient } from '@google-cloud/run';
import { openCloudRun, type RunRevision, type TrafficTarget } from '../../functions/platform/cloud-run.ts';
import type { GoogleApi } from '../../functions/platform/google-api.ts';
import { askAgain } from '../../functions/platform/retries.ts';
import type { TrafficNow } from './candidate-traffic.ts';

type IService = protos.google.cloud.run.v2.IService;
export type RevisionTemplate = protos.google.cloud.run.v2.IRevisionTemplate;

/** A service as far as a deployment needs it. */
export interface DeployedService extends TrafficNow {
  readonly etag: string;
  /** Empty while Cloud Run has not given it out. */
  readonly url: string;
  /** Who changed it last: the address of an account. */
  readonly lastModifier: string | undefined;
  /** The tags that have an address. */
  readonly tagUrls: Readonly<Record<string, string>>;
}

/** What was read is no longer so, in Cloud Run's words: read again and decide anew. Undefined once it has accepted. */
export type Refusal = Error;

/** What a deployment does at Cloud Run. */
export interface RunDeployments {
  service(name: string): Promise<DeployedService | undefined>;
  revision(service: string, name: string): Promise<RunRevision | undefined>;
  /** Makes the service, closed to the public. A refusal when somebody else has made it meanwhile. */
  create(
    name: string,
    template: RevisionTemplate,
    traffic: readonly TrafficTarget[],
  ): Promise<Refusal | undefined>;
  /**
   * Sets traffic, and the template when there is one, if the service still has `etag`. A refusal when somebody changed the
   * service meanwhile.
   */
  update(
    name: string,
    etag: string,
    change: { readonly template?: RevisionTemplate; readonly traffic: readonly TrafficTarget[] },
  ): Promise<Refusal | undefined>;
}

/** `google.rpc.Code` and the HTTP statuses in which the REST transport reports some of them. */
const notFound: readonly unknown[] = [5, 404];
/** ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED: what was read is no longer so. */
const conflicts: readonly unknown[] = [6, 9, 10, 409, 412];

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
const shortName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

export function openRunDeployments(api: GoogleApi, project: string, region: string): RunDeployments {
  const reading = openCloudRun(api, project, region);
  let client: Promise<ServicesClient> | undefined;
  const connect = (): Promise<ServicesClient> =>
    (client ??= import('@google-cloud/run').then(
      ({ ServicesClient }) => new ServicesClient(api.clientOptions),
    ));
  const parent = `projects/${project}/locations/${region}`;
  const nameOf = (service: string): string => `${parent}/services/${service}`;

  /**
   * Resolves when the change is accepted, not when it is done: how the candidate fares is verification's to find out. It
   * may be asked for again: had it come through although the answer was an error, the name that is taken by then, or the
   * etag that is another, makes it a refusal.
   */
  const accepted = async (what: string, change: () => Promise<unknown>): Promise<Refusal | undefined> => {
    try {
      await change();
      return undefined;
    } catch (cause) {
      const refusal = new Error(`Cloud Run refused to ${what}: ${(cause as Error).message}`, { cause });
      if (conflicts.includes(codeOf(cause))) return refusal;
      throw refusal;
    }
  };

  return {
    async service(name) {
      const services = await connect();
      try {
        const [service] = await services.getService({ name: nameOf(name) }, askAgain);
        return readService(service);
      } catch (error) {
        if (notFound.includes(codeOf(error))) return undefined;
        throw error;
      }
    },
    revision: (service, name) => reading.revision(service, name),
    async create(name, template, traffic) {
      const services = await connect();
      const service = {
        ingress: 'INGRESS_TRAFFIC_ALL',
        // The first revision cannot be made without traffic: nobody may call it until it is verified.
        invokerIamDisabled: false,
        template,
        traffic: traffic.map(writeTarget),
      } as const;
      return accepted(`create the service ${name}`, () =>
        services.createService({ parent, serviceId: name, service }, askAgain),
      );
    },
    async update(name, etag, { template, traffic }) {
      const services = await connect();
      const service = { name: nameOf(name), etag, ...(template ? { template } : {}) };
      const updateMask = { paths: [...(template ? ['template'] : []), 'traffic'] };
      return accepted(`change the service ${name}`, () =>
        services.updateService(
          { service: { ...service, traffic: traffic.map(writeTarget) }, updateMask },
          askAgain,
        ),
      );
    },
  };
}

const isLatest = ({ type }: protos.google.cloud.run.v2.ITrafficTarget): boolean =>
  ['TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', '1'].includes(String(type));

const readTarget = (target: protos.google.cloud.run.v2.ITrafficTarget): TrafficTarget => ({
  revision: isLatest(target) || !target.revision ? undefined : shortName(target.revision),
  percent: target.percent ?? 0,
  tag: target.tag === '' ? undefined : (target.tag ?? undefined),
});

function readService(service: IService): DeployedService {
  const { latestReadyRevision, trafficStatuses, traffic } = service;
  return {
    etag: service.etag ?? '',
    url: service.uri ?? '',
    lastModifier: service.lastModifier === '' ? undefined : (service.lastModifier ?? undefined),
    // No traffic at all means all of it to the latest.
    traffic: traffic?.length
      ? traffic.map(readTarget)
      : [{ revision: undefined, percent: 100, tag: undefined }],
    latestReady: latestReadyRevision ? shortName(latestReadyRevision) : undefined,
    serving: (trafficStatuses ?? []).map(readTarget),
    tagUrls: Object.fromEntries(
      (trafficStatuses ?? []).flatMap(({ tag, uri }) => (tag && uri ? [[tag, uri]] : [])),
    ),
  };
}

const writeTarget = ({
  revision,
  percent,
  tag,
}: TrafficTarget): protos.google.cloud.run.v2.ITrafficTarget => ({
  type:
    revision === undefined
      ? 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST'
      : 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
  ...(revision === undefined ? {} : { revision }),
  percent,
  ...(tag === undefined ? {} : { tag }),
});
