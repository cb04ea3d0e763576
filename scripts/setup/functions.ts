import { build } from 'esbuild';
import { zipSync } from 'fflate';
import path from 'node:path';
import { expectOk } from '../../functions/platform/google-api.ts';
import { stateBucket } from '../pipeline/pipeline.ts';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
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

const framework = '@google-cloud/functions-framework';
const frameworkVersion = packageJson.dependencies[framework];

/** All functions as one file; only the framework stays outside, because the platform starts it. */
export async function bundleFunctions(folder: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [path.join(folder, 'functions', 'main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minify: true,
    keepNames: true,
    write: false,
    outfile: 'index.js',
    external: [framework],
    logLevel: 'error',
  });
  const [bundle] = outputFiles;
  if (!bundle) throw new Error('esbuild made no bundle of functions/main.ts');
  return bundle.contents;
}

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

/** A function's settings. https://cloud.google.com/functions/docs/reference/rest/v2 */
const serviceConfigOf = ({ pipeline }: SetupTarget, name: FunctionName): Record<string, unknown> => ({
  environmentVariables: {
    SLIPWAY_PROJECT: pipeline.project,
    SLIPWAY_REGION: pipeline.region,
    SLIPWAY_BUCKET: stateBucket(pipeline),
    SLIPWAY_REPOSITORY: `${pipeline.repository.owner}/${pipeline.repository.name}`,
  },
  secretEnvironmentVariables: speaksWithGitHub.has(name)
    ? [{ key: 'GITHUB_TOKEN', projectId: pipeline.project, secret: githubTokenSecret, version: 'latest' }]
    : [],
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
  const bundle = await bundleFunctions(sourceFolder);
  const manifest = JSON.stringify({
    name: 'slipway-functions',
    main: 'index.js',
    dependencies: { [framework]: frameworkVersion },
  });
  const settings = functionNames.map((name) => serviceConfigOf(target, name));
  const sourceHash = sha256(bundle, manifest, JSON.stringify(settings)).slice(0, 16);
  const source = { bucket: buckets(pipeline.project).source, object: `functions/${sourceHash}.zip` };
  // Fixed times, so that the same source is the same archive.
  const zip = zipSync(
    { 'index.js': bundle, 'package.json': Buffer.from(manifest) },
    { mtime: new Date('2000-01-01T00:00:00Z') },
  );
  await openBucket(api, source.bucket).write(source.object, Uint8Array.from(zip), 'application/zip');
  const deployed = functionNames.map(async (name): Promise<[FunctionName, string]> => {
    const body = {
      environment: 'GEN_2',
      labels: { [sourceLabel]: sourceHash },
      buildConfig: { runtime: 'nodejs24', entryPoint: name, source: { storageSource: source } },
      serviceConfig: serviceConfigOf(target, name),
    };
    return [name, await deployFunction(target, functionId(name), sourceHash, body)];
  });
  return Object.fromEntries(await Promise.all(deployed)) as FunctionUrls;
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
