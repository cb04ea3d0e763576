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
import { sha256, uploadOnce } from './uploads.ts';

/** Registered in functions/main.ts under these names. */
export const functionNames = ['buildStatus', 'verification', 'rollout', 'releaseStatus', 'tick'] as const;
export type FunctionName = (typeof functionNames)[number];
export type FunctionUrls = Readonly<Record<FunctionName, string>>;

/** Function ids on Google Cloud are lower case with hyphens. */
const functionId = (name: FunctionName): string =>
  `slipway-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** All functions as one file; only the framework stays outside, because the platform brings it. */
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
    external: ['@google-cloud/functions-framework'],
    logLevel: 'error',
  });
  const [bundle] = outputFiles;
  if (!bundle) throw new Error('esbuild made no bundle of functions/main.ts');
  return bundle.contents;
}

interface CloudFunction {
  state?: string;
  stateMessages?: { message?: string }[];
  serviceConfig?: { uri?: string };
}

/** Bundles, uploads and deploys every function; their addresses. Unchanged ones are left alone. */
export async function setUpFunctions(target: SetupTarget, sourceFolder: string): Promise<FunctionUrls> {
  const { api, pipeline, note } = target;
  const bundle = await bundleFunctions(sourceFolder);
  const manifest = JSON.stringify({ name: 'slipway-functions', main: 'index.js' });
  const environment = {
    SLIPWAY_PROJECT: pipeline.project,
    SLIPWAY_REGION: pipeline.region,
    SLIPWAY_BUCKET: stateBucket(pipeline),
    SLIPWAY_REPOSITORY: `${pipeline.repository.owner}/${pipeline.repository.name}`,
  };
  const sourceHash = sha256(bundle, manifest, JSON.stringify(environment));
  const source = {
    bucket: buckets(pipeline.project).source,
    object: `functions/${sourceHash.slice(0, 16)}.zip`,
  };
  const { changed } = await uploadOnce(target, 'functions', sourceHash, async () => {
    // Fixed times, so that the same source is the same archive.
    const zip = zipSync(
      { 'index.js': bundle, 'package.json': Buffer.from(manifest) },
      { mtime: new Date('2000-01-01T00:00:00Z') },
    );
    await openBucket(api, source.bucket).write(source.object, Uint8Array.from(zip), 'application/zip');
    return source.object;
  });

  const parent = `/v2/projects/${pipeline.project}/locations/${pipeline.region}/functions`;
  const deployOne = async (name: FunctionName): Promise<[FunctionName, string]> => {
    const id = functionId(name);
    const existing = (await getJson(api, 'cloudfunctions', `${parent}/${id}`)) as CloudFunction | undefined;
    if (existing?.state !== 'ACTIVE' || changed) {
      const body = {
        name: `${parent.slice('/v2/'.length)}/${id}`,
        environment: 'GEN_2',
        buildConfig: { runtime: 'nodejs24', entryPoint: name, source: { storageSource: source } },
        serviceConfig: {
          environmentVariables: environment,
          secretEnvironmentVariables: [
            {
              key: 'GITHUB_TOKEN',
              projectId: pipeline.project,
              secret: githubTokenSecret,
              version: 'latest',
            },
          ],
          availableMemory: '512Mi',
          // The longest there is for an event: a verification watches its candidate.
          timeoutSeconds: 540,
          maxInstanceCount: 10,
          maxInstanceRequestConcurrency: 20,
          ingressSettings: 'ALLOW_INTERNAL_ONLY',
        },
      };
      const response = existing
        ? await api.request('cloudfunctions', `${parent}/${id}`, {
            method: 'PATCH',
            query: { updateMask: 'buildConfig,serviceConfig' },
            json: body,
          })
        : await api.request('cloudfunctions', parent, {
            method: 'POST',
            query: { functionId: id },
            json: body,
          });
      await expectOk(response, `deploying function ${id}`);
      await finished(api, 'cloudfunctions', 'v2', `deploying function ${id}`, await response.json());
      note(`${existing ? 'updated' : 'created'} function ${id}`);
    }
    const deployed = (await getJson(api, 'cloudfunctions', `${parent}/${id}`)) as CloudFunction | undefined;
    const url = deployed?.serviceConfig?.uri;
    if (deployed?.state !== 'ACTIVE' || url === undefined) {
      throw new Error(
        `function ${id} is ${deployed?.state ?? 'absent'}: ${deployed?.stateMessages?.[0]?.message ?? 'no reason was given'}`,
      );
    }
    return [name, url];
  };
  return Object.fromEntries(await Promise.all(functionNames.map(deployOne))) as FunctionUrls;
}
