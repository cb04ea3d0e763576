import { zipSync } from 'fflate';
import { expectOk } from '../../functions/platform/google-api.ts';
import { resolveCommit } from '../cli/git.ts';
import { UserError } from '../cli/user-error.ts';
import { stateBucket, type Pipeline } from '../pipeline/pipeline.ts';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { bundleFunctions, framework } from './bundle-functions.ts';
import { finished, getJson } from './ensure.ts';
import { githubTokenSecret } from './secrets.ts';
import { buckets } from './storage.ts';
import type { SetupTarget } from './target.ts';
import { sha256 } from './uploads.ts';
import packageJson from '../../package.json' with { type: 'json' };

/** Registered in functions/main.ts under these names. */
export const functionNames = [
  'buildStatus',
  'concurrency',
  'verification',
  'rollout',
  'releaseStatus',
  'alerts',
  'tick',
] as const;
export type FunctionName = (typeof functionNames)[number];
export type FunctionUrls = Readonly<Record<FunctionName, string>>;

/** Function ids on Google Cloud are lower case with hyphens. */
const functionId = (name: FunctionName): string =>
  `slipway-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const frameworkVersion = packageJson.dependencies[framework];

interface CloudFunction {
  state?: string;
  stateMessages?: { message?: string }[];
  labels?: Record<string, string>;
  serviceConfig?: { uri?: string };
}

/** Which source and settings a function was deployed from: the function itself tells, so nothing else has to know. */
const sourceLabel = 'slipway-source';

/** Who speaks with GitHub; nobody else gets the token. */
const speaksWithGitHub: ReadonlySet<FunctionName> = new Set(['buildStatus', 'concurrency', 'releaseStatus']);

/** Whether somebody will read stack traces; then they are those of the sources. */
const tellsErrors = ({ functions }: Pipeline): boolean =>
  [functions?.env, functions?.secrets].some((names) => names && Object.hasOwn(names, 'SENTRY_DSN'));

/** A function's settings. https://cloud.google.com/functions/docs/reference/rest/v2 */
const serviceConfigOf = (
  { pipeline }: SetupTarget,
  name: FunctionName,
  commit?: string,
): Record<string, unknown> => ({
  environmentVariables: {
    SLIPWAY_PROJECT: pipeline.project,
    SLIPWAY_REGION: pipeline.region,
    SLIPWAY_BUCKET: stateBucket(pipeline),
    SLIPWAY_REPOSITORY: `${pipeline.repository.owner}/${pipeline.repository.name}`,
    ...(commit === undefined ? {} : { COMMIT_SHA: commit }),
    ...(tellsErrors(pipeline) ? { NODE_OPTIONS: '--enable-source-maps' } : {}),
    ...pipeline.functions?.env,
  },
  secretEnvironmentVariables: Object.entries({
    ...(speaksWithGitHub.has(name) ? { GITHUB_TOKEN: githubTokenSecret } : {}),
    ...pipeline.functions?.secrets,
  }).map(([key, secret]) => ({ key, projectId: pipeline.project, secret, version: 'latest' })),
  availableMemory: '512Mi',
  // Less than one CPU allows one request at a time.
  availableCpu: '1',
  // The longest there is for an event: a verification watches its candidate.
  timeoutSeconds: 540,
  maxInstanceCount: 10,
  maxInstanceRequestConcurrency: 20,
  ingressSettings: 'ALLOW_INTERNAL_ONLY',
});

/** Bundles, uploads and deploys every function; their addresses. Unchanged ones are left alone. */
export async function setUpFunctions(target: SetupTarget, sourceFolder: string): Promise<FunctionUrls> {
  const { api, pipeline } = target;
  const files = await bundleFunctions(sourceFolder, { sourceMap: tellsErrors(pipeline) });
  const manifest = JSON.stringify({
    name: 'slipway-functions',
    main: 'index.js',
    dependencies: { [framework]: frameworkVersion },
  });
  const commit = await toldCommit(target, sourceFolder);
  const settings = functionNames.map((name) => serviceConfigOf(target, name));
  // Not of the commit: the same source with the same settings stays what it is, and keeps the commit it came with.
  const sourceHash = sha256(...Object.entries(files).flat(), manifest, JSON.stringify(settings)).slice(0, 16);
  const source = { bucket: buckets(pipeline.project).source, object: `functions/${sourceHash}.zip` };
  // Fixed times, so that the same source is the same archive.
  const zip = zipSync(
    { ...files, 'package.json': Buffer.from(manifest) },
    { mtime: new Date('2000-01-01T00:00:00Z') },
  );
  await openBucket(api, source.bucket).write(source.object, Uint8Array.from(zip), 'application/zip');
  const deployed = functionNames.map(async (name): Promise<[FunctionName, string]> => {
    const body = {
      environment: 'GEN_2',
      labels: { [sourceLabel]: sourceHash },
      buildConfig: { runtime: 'nodejs24', entryPoint: name, source: { storageSource: source } },
      serviceConfig: serviceConfigOf(target, name, commit),
    };
    return [name, await deployFunction(target, functionId(name), sourceHash, body)];
  });
  return Object.fromEntries(await Promise.all(deployed)) as FunctionUrls;
}

/** The commit of the functions, for those whom telemetry tells of it; without git nobody knows it. */
async function toldCommit({ pipeline }: SetupTarget, sourceFolder: string): Promise<string | undefined> {
  const { env = {}, secrets = {} } = pipeline.functions ?? {};
  if (Object.keys(env).length + Object.keys(secrets).length === 0) return undefined;
  try {
    return (await resolveCommit(sourceFolder, 'HEAD')).sha;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** The address of the function once it runs what `sourceHash` stands for. */
async function deployFunction(
  { api, pipeline, note }: SetupTarget,
  id: string,
  sourceHash: string,
  body: object,
): Promise<string> {
  const parent = `/v2/projects/${pipeline.project}/locations/${pipeline.region}/functions`;
  const read = async (): Promise<CloudFunction | undefined> =>
    (await getJson(api, 'cloudfunctions', `${parent}/${id}`)) as CloudFunction | undefined;
  const existing = await read();
  if (existing?.state !== 'ACTIVE' || existing.labels?.[sourceLabel] !== sourceHash) {
    const json = { name: `${parent.slice('/v2/'.length)}/${id}`, ...body };
    const response = existing
      ? await api.request('cloudfunctions', `${parent}/${id}`, {
          method: 'PATCH',
          query: { updateMask: 'labels,buildConfig,serviceConfig' },
          json,
        })
      : await api.request('cloudfunctions', parent, { method: 'POST', query: { functionId: id }, json });
    await expectOk(response, `deploying function ${id}`);
    await finished(api, 'cloudfunctions', 'v2', `deploying function ${id}`, await response.json());
    note(`${existing ? 'updated' : 'created'} function ${id}`);
  }
  const deployed = await read();
  const url = deployed?.serviceConfig?.uri;
  if (deployed?.state !== 'ACTIVE' || url === undefined) {
    const why = deployed?.stateMessages?.[0]?.message ?? 'no reason was given';
    throw new Error(`function ${id} is ${deployed?.state ?? 'absent'}: ${why}`);
  }
  return url;
}
