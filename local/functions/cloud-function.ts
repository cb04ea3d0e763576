import { z } from 'zod';
import { ApiError } from '../core/api-error.ts';

/** `google.cloud.functions.v2.Function`, as far as the local cloud has it. Output fields in a request are ignored. */

/** Fields that change what a function is or does, and which the local cloud cannot honour. Refused by name. */
const unsupported: readonly [field: string, instead: string][] = [
  ['eventTrigger', 'make the function an HTTP target and push to it from a Pub/Sub subscription'],
  ['kmsKeyName', 'the local cloud encrypts nothing'],
  ['buildConfig.environmentVariables', 'nothing is built here: the source is run as it is'],
  ['buildConfig.workerPool', 'nothing is built here: the source is run as it is'],
  ['buildConfig.source.repoSource', 'give a zip in buildConfig.source.storageSource'],
  ['buildConfig.source.gitUri', 'give a zip in buildConfig.source.storageSource'],
  ['serviceConfig.secretVolumes', 'use secretEnvironmentVariables'],
  ['serviceConfig.vpcConnector', 'there is no network but this machine'],
  ['serviceConfig.vpcConnectorEgressSettings', 'there is no network but this machine'],
  ['serviceConfig.binaryAuthorizationPolicy', 'nothing is authorised here'],
];

const ignored = z.unknown().optional();
const text = z.string().optional();
const count = z.int().min(0).optional();
const texts = z.record(z.string(), z.string()).optional();

const storageSource = z.strictObject({
  bucket: z.string().min(1),
  object: z.string().min(1),
  generation: z.union([z.string(), z.int().transform(String)]).optional(),
});

const secretVariable = z.strictObject({
  key: z.string().min(1),
  projectId: text,
  secret: z.string().min(1),
  version: z.string().min(1).default('latest'),
});

const requestShape = z.strictObject({
  ...{ name: text, description: text, labels: texts, environment: z.literal('GEN_2').optional() },
  ...{ state: ignored, stateMessages: ignored, url: ignored, satisfiesPzs: ignored, upgradeInfo: ignored },
  ...{ createTime: ignored, updateTime: ignored },
  buildConfig: z
    .strictObject({
      runtime: z.string().min(1),
      entryPoint: z.string().min(1),
      source: z.strictObject({ storageSource }),
      ...{ dockerRegistry: text, dockerRepository: text, serviceAccount: text },
      ...{ build: ignored, sourceProvenance: ignored, sourceToken: ignored },
      ...{ automaticUpdatePolicy: ignored, onDeployUpdatePolicy: ignored },
    })
    .partial()
    .optional(),
  serviceConfig: z
    .strictObject({
      timeoutSeconds: z.int().min(1).max(3600).optional(),
      ...{ availableMemory: text, availableCpu: text, serviceAccountEmail: text },
      environmentVariables: texts,
      secretEnvironmentVariables: z.array(secretVariable).optional(),
      ...{ minInstanceCount: count, maxInstanceCount: count },
      maxInstanceRequestConcurrency: z.int().min(1).max(1000).optional(),
      ingressSettings: z.enum(['ALLOW_ALL', 'ALLOW_INTERNAL_ONLY', 'ALLOW_INTERNAL_AND_GCLB']).optional(),
      securityLevel: text,
      allTrafficOnLatestRevision: z.literal(true).optional(),
      ...{ service: ignored, uri: ignored, revision: ignored },
    })
    .optional(),
});

type Requested = z.infer<typeof requestShape>;
export type StorageSource = z.infer<typeof storageSource>;
export type BuildConfig = NonNullable<Requested['buildConfig']>;
export type ServiceConfig = Omit<NonNullable<Requested['serviceConfig']>, 'service' | 'uri' | 'revision'>;

/** What a request says of a function, without what only the service may say. */
export interface FunctionSettings {
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly buildConfig?: BuildConfig;
  readonly serviceConfig?: ServiceConfig;
}

/** Every setting that a function needs to run. */
export interface RunnableSettings extends FunctionSettings {
  readonly buildConfig: BuildConfig & {
    readonly entryPoint: string;
    readonly source: { storageSource: StorageSource };
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function at(body: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((place, key) => (isObject(place) ? place[key] : undefined), body);
}

/** What only the service may say of a function. */
const outputs = new Set(['build', 'sourceProvenance', 'service', 'uri', 'revision']);

/** Without output fields, and without those that were not given: they must not shine through as set. */
const given = <T extends object>(value: T): T =>
  Object.fromEntries(
    Object.entries(value).filter(([key, item]) => item !== undefined && !outputs.has(key)),
  ) as T;

/** Reads the body of a create or patch request. INVALID_ARGUMENT or UNIMPLEMENTED, naming the field. */
export function parseSettings(body: unknown): FunctionSettings {
  for (const [field, instead] of unsupported) {
    const value = at(body, field);
    if (value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0))
      continue;
    throw new ApiError('UNIMPLEMENTED', `${field} is not part of the local cloud: ${instead}`);
  }
  const parsed = requestShape.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join('.') ?? '';
    throw new ApiError('INVALID_ARGUMENT', `Invalid value at '${place}': ${issue?.message ?? ''}`);
  }
  const { description, labels, buildConfig, serviceConfig } = parsed.data;
  return given({
    description,
    labels,
    buildConfig: buildConfig && given(buildConfig),
    serviceConfig: serviceConfig && given(serviceConfig),
  }) as FunctionSettings;
}

const runtime = 'nodejs24';

/** Checks that the settings make a whole function. */
export function runnable(settings: FunctionSettings): RunnableSettings {
  const { buildConfig } = settings;
  const required = (field: string): ApiError => new ApiError('INVALID_ARGUMENT', `${field} is required`);
  if (buildConfig?.runtime === undefined) throw required('buildConfig.runtime');
  if (buildConfig.runtime !== runtime) {
    throw new ApiError(
      'UNIMPLEMENTED',
      `buildConfig.runtime ${buildConfig.runtime} is not part of the local cloud: it runs ${runtime}`,
    );
  }
  const { entryPoint, source } = buildConfig;
  if (entryPoint === undefined) throw required('buildConfig.entryPoint');
  if (source === undefined) throw required('buildConfig.source.storageSource');
  return { ...settings, buildConfig: { ...buildConfig, entryPoint, source } };
}

/** https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions#serviceconfig */
export const serviceDefaults = {
  timeoutSeconds: 60,
  availableMemory: '256M',
  maxInstanceCount: 100,
  maxInstanceRequestConcurrency: 1,
  ingressSettings: 'ALLOW_ALL',
} as const;

export const functionIdPattern = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
