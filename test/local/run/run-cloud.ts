import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RevisionsClient, ServicesClient, type protos } from '@google-cloud/run';
import { PassThroughClient } from 'google-auth-library';
import { ApiError } from '../../../local/core/api-error.ts';
import type { Clock } from '../../../local/core/clock.ts';
import type {
  Image,
  ImageStore,
  LogEntry,
  MetricWriter,
  SecretReader,
  SqlSockets,
} from '../../../local/core/links.ts';
import type { RunLimits } from '../../../local/run/limits.ts';
import { createRunRoom } from '../../../local/run/run-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

export type IService = protos.google.cloud.run.v2.IService;
export type IContainer = protos.google.cloud.run.v2.IContainer;
export type ITrafficTarget = protos.google.cloud.run.v2.ITrafficTarget;

export const parent = 'projects/test-project/locations/europe-west1';
export const repository = 'europe-west1-docker.pkg.dev/test-project/slipway';
export const fullName = (service: string): string => `${parent}/services/${service}`;

export const latest = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST' as const;
export const byRevision = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION' as const;

export type Measurement = Parameters<MetricWriter['record']>[0];
type NewEntry = Partial<LogEntry> & Pick<LogEntry, 'logName' | 'resource'>;

/** Cloud Run with one image, and small stand-ins for the products it meets. */
export interface RunCloud {
  readonly cloud: TestCloud;
  readonly services: ServicesClient;
  readonly revisions: RevisionsClient;
  readonly entries: NewEntry[];
  readonly measurements: Measurement[];
  readonly secrets: Map<string, string>;
  readonly sockets: Map<string, string>;
  /** Entries of the log with this id, e.g. `cloudaudit.googleapis.com/system_event`. */
  logOf(id: string): NewEntry[];
  /** The text lines of Cloud Run itself. */
  systemLines(): string[];
  /** Creates or updates a service and waits until it has settled; rejects when it has failed. */
  deploy(service: string, container?: IContainer, rest?: IService): Promise<IService>;
  /** Changes traffic alone. */
  route(service: string, traffic: ITrafficTarget[]): Promise<IService>;
  get(service: string): Promise<IService>;
  close(options?: { keepState?: boolean }): Promise<void>;
}

/** The image's folder: a program, what it reads, and nothing else. */
export function makeImage(stateFolder: string): Image {
  const rootFolder = path.join(stateFolder, 'image');
  mkdirSync(path.join(rootFolder, 'app'), { recursive: true });
  copyFileSync(path.join(import.meta.dirname, 'container.js'), path.join(rootFolder, 'app/server.mjs'));
  const digest = `sha256:${'ab'.repeat(32)}`;
  return {
    reference: `${repository}/web@${digest}`,
    digest,
    rootFolder,
    config: {
      entrypoint: ['node'],
      cmd: ['/app/server.mjs'],
      env: { FROM_IMAGE: 'yes', CONFIG: '/app/server.mjs' },
      workingDir: '/app',
      user: '',
      labels: {},
      exposedPorts: [],
      stopSignal: 'SIGTERM',
      toolPaths: [path.dirname(process.execPath)],
    },
  };
}

export async function runCloud(
  options: { clock?: Clock; stateFolder?: string; random?: () => number; limits?: RunLimits } = {},
): Promise<RunCloud> {
  const cloud = await testCloud(options);
  const image = makeImage(cloud.stateFolder);
  const entries: NewEntry[] = [];
  const measurements: Measurement[] = [];
  const secrets = new Map<string, string>();
  const sockets = new Map<string, string>();
  const images: ImageStore = {
    resolve: (reference) =>
      [`${repository}/web:1`, `${repository}/web:2`, image.reference].includes(reference) ? image : undefined,
    list: () => [{ reference: image.reference, tags: ['1', '2'], digest: image.digest }],
  };
  const secretReader: SecretReader = {
    access(name) {
      const value = secrets.get(name);
      if (value === undefined) throw new ApiError('NOT_FOUND', `Secret Version [${name}] not found.`);
      return Buffer.from(value);
    },
  };
  const sql: SqlSockets = { socketFolder: (name) => sockets.get(name) };
  const { room } = createRunRoom(
    cloud.context,
    {
      ...{ images, secrets: secretReader, sql },
      log: { write: (entry) => entries.push(entry) },
      metrics: { record: (measurement) => measurements.push(measurement) },
    },
    {
      ...(options.random ? { random: options.random } : {}),
      ...(options.limits ? { limits: options.limits } : {}),
    },
  );
  await cloud.serve([room]);
  const { hostname, port } = new URL(cloud.context.origin);
  const clientOptions = {
    fallback: true,
    protocol: 'http',
    apiEndpoint: hostname,
    port: Number(port),
    authClient: new PassThroughClient(),
  };
  const services = new ServicesClient(clientOptions);
  const revisions = new RevisionsClient(clientOptions);
  const get = async (service: string): Promise<IService> =>
    (await services.getService({ name: fullName(service) }))[0];
  const logOf = (id: string): NewEntry[] =>
    entries.filter(({ logName }) => logName.endsWith(`/logs/${encodeURIComponent(id)}`));
  return {
    ...{ cloud, services, revisions, entries, measurements, secrets, sockets, get, logOf },
    systemLines: () => logOf('run.googleapis.com/varlog/system').map(({ textPayload }) => textPayload ?? ''),
    async deploy(service, container = {}, rest = {}) {
      const { template, ...fields } = rest;
      const body: IService = {
        invokerIamDisabled: true,
        ...fields,
        template: { ...template, containers: [{ image: `${repository}/web:1`, ...container }] },
      };
      const exists = await get(service).then(
        () => true,
        () => false,
      );
      const paths = ['template', ...(body.traffic ? ['traffic'] : []), ...Object.keys(fields)];
      const [operation] = exists
        ? await services.updateService({
            service: { ...body, name: fullName(service) },
            updateMask: { paths: [...new Set(paths)] },
          })
        : await services.createService({ parent, serviceId: service, service: body });
      await operation.promise();
      // What an operation answers is decoded otherwise (enums by number); a read service is the same everywhere.
      return get(service);
    },
    async route(service, traffic) {
      const [operation] = await services.updateService({
        service: { name: fullName(service), traffic },
        updateMask: { paths: ['traffic'] },
      });
      await operation.promise();
      // What an operation answers is decoded otherwise (enums by number); a read service is the same everywhere.
      return get(service);
    },
    get,
    async close(closing) {
      await services.close();
      await revisions.close();
      await cloud.close(closing);
    },
  };
}

/** Also when it is a zombie: who has adopted it may never ask for its end. */
export function processIsGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform === 'linux' && readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

/** What the test container answers at `/`. */
export interface Answer {
  revision: string;
  service: string;
  pid: number;
  cwd: string;
  argv: string[];
  headers: Record<string, string>;
  env: Record<string, string>;
}

export async function ask(uri: string | null | undefined, init?: RequestInit): Promise<Answer> {
  const response = await fetch(uri ?? '', init);
  if (response.status !== 200)
    throw new Error(`${uri ?? ''} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}
