import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createGoogleApi } from '../../functions/platform/google-api.ts';
import { openBuilds, type CloudBuild } from '../../functions/platform/cloud-build.ts';
import { openCloudRun, type CloudRun } from '../../functions/platform/cloud-run.ts';
import { createBuildRoom } from '../../local/build/build-room.ts';
import type { Build, BuiltImage } from '../../local/build/build-types.ts';
import { ApiError } from '../../local/core/api-error.ts';
import type { GitPush, ObjectStore } from '../../local/core/links.ts';
import { createImagesRoom } from '../../local/images/images-room.ts';
import { createRunRoom } from '../../local/run/run-room.ts';
import { createStorageRoom } from '../../local/storage/storage-room.ts';
import { bundleBuilder } from '../../scripts/builder/bundle-builder.ts';
import { loadPipeline } from '../../scripts/pipeline/load.ts';
import { triggersOf } from '../../scripts/pipeline/triggers.ts';
import { terminal, TestRepository } from '../local/build/support.ts';
import { testCloud, type TestCloud } from '../support/cloud-context.ts';
import { until } from '../support/until.ts';

/** The checkout of the pipeline itself. */
export const slipwayFolder = path.resolve(import.meta.dirname, '..', '..');
const buckets = ['source', 'cache', 'artifacts'].map((role) => `test-project-slipway-${role}`);

export const slipwayFile = (name: string): string => readFileSync(path.join(slipwayFolder, name), 'utf8');

/** Cloud Build, Cloud Run, Artifact Registry and Cloud Storage, with the builder's image and the triggers of a pipeline. */
export interface DeliveryCloud {
  readonly repository: TestRepository;
  readonly objects: ObjectStore;
  readonly run: CloudRun;
  /** Names of the objects in a bucket. */
  list(bucket: string): Promise<string[]>;
  /** The build that a push of HEAD to the branch has started, once it has ended; its log with it. */
  built(branch: string): Promise<{ build: CloudBuild; log: string; images: readonly BuiltImage[] }>;
  close(): Promise<void>;
}

async function json(url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

export async function deliveryCloud(pipelineYaml: string): Promise<DeliveryCloud> {
  const cloud = await testCloud();
  const folder = mkdtempSync(path.join(tmpdir(), 'slipway-delivery-'));
  const close = async (): Promise<void> => {
    await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await deliver(cloud, folder, pipelineYaml)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function deliver(
  cloud: TestCloud,
  folder: string,
  pipelineYaml: string,
): Promise<Omit<DeliveryCloud, 'close'>> {
  const { context } = cloud;
  const listeners: ((push: GitPush) => void)[] = [];
  const repository = new TestRepository(folder, (push) => {
    for (const listener of listeners) listener(push);
  });
  const seen = new Map<string, Build>();
  const missing = (name: string): never => {
    throw new ApiError('NOT_FOUND', `${name} does not exist`);
  };
  const log = { write: () => undefined };
  const storage = createStorageRoom(context);
  const images = createImagesRoom(context);
  const run = createRunRoom(context, {
    images: images.images,
    secrets: { access: missing },
    sql: { socketFolder: () => undefined },
    log,
    metrics: { record: () => undefined },
  });
  const builds = createBuildRoom(
    context,
    {
      publisher: {
        publish(_topic, { data }) {
          const build = JSON.parse(data.toString('utf8')) as Build;
          seen.set(build.id, build);
        },
      },
      secrets: { access: missing },
      storage: storage.objects,
      images: { ...images.images, shimFolder: images.shimFolder },
      git: { gitDir: () => repository.gitDir, onPush: (listener) => listeners.push(listener) },
      log,
    },
    { concurrency: 1 },
  );
  await cloud.serve([storage.room, images.room, run.room, builds.room]);

  const { origin, projectId, region } = context;
  const parent = `projects/${projectId}/locations/${region}`;
  const logOf = async (id: string): Promise<string> =>
    (await fetch(`${origin}/cloud-build/logs/${id}`)).text();
  const whenEnded = async (test: (build: Build) => boolean): Promise<Build> => {
    try {
      await until(
        () => [...seen.values()].some((build) => test(build) && terminal.has(build.status)),
        'a build ends',
        25_000,
      );
    } catch (cause) {
      // A build that hangs is found out by the last line of its log.
      const logs = await Promise.all([...seen.values()].map(({ id }) => logOf(id)));
      throw new Error(['no such build has ended', ...cloud.logged, ...logs].join('\n'), { cause });
    }
    return [...seen.values()].find(test) ?? missing('build');
  };

  for (const name of buckets) await json(`${origin}/storage/v1/b?project=${projectId}`, { name });
  await json(`${origin}/v1/${parent}/repositories?repositoryId=slipway`, { format: 'DOCKER' });

  // The builder's image, as setup makes it.
  await bundleBuilder(path.join(folder, 'builder.js'));
  copyFileSync(path.join(slipwayFolder, 'scripts/builder/Dockerfile'), path.join(folder, 'Dockerfile'));
  const archive = execFileSync('tar', ['-cz', '-C', folder, 'builder.js', 'Dockerfile'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  storage.objects.put('test-project-slipway-source', 'builder.tar.gz', archive, 'application/gzip');
  const image = `${region}-docker.pkg.dev/${projectId}/slipway/builder:1`;
  const { metadata } = (await json(`${origin}/v1/${parent}/builds`, {
    source: { storageSource: { bucket: 'test-project-slipway-source', object: 'builder.tar.gz' } },
    steps: [{ name: 'gcr.io/cloud-builders/docker', args: ['build', '-t', image, '.'] }],
    images: [image],
  })) as { metadata: { build: { id: string } } };
  const builder = await whenEnded(({ id }) => id === metadata.build.id);
  const digest = builder.results?.images?.[0]?.digest;
  if (digest === undefined) throw new Error(`the builder's image was not built:\n${await logOf(builder.id)}`);

  const loaded = loadPipeline(pipelineYaml, { file: 'pipeline.yaml', environment: 'local' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  for (const trigger of triggersOf(loaded.pipeline)) {
    const substitutions = { ...trigger.substitutions, _BUILDER: `${image.replace(/:1$/, '')}@${digest}` };
    await json(`${origin}/v1/${parent}/triggers`, { ...trigger, substitutions });
  }

  const api = createGoogleApi(origin);
  return {
    repository,
    objects: storage.objects,
    run: openCloudRun(api, projectId, region),
    async list(bucket) {
      const { items = [] } = (await json(`${origin}/storage/v1/b/${bucket}/o`)) as {
        items?: { name: string }[];
      };
      return items.map(({ name }) => name);
    },
    async built(branch) {
      const { after } = repository.push(`refs/heads/${branch}`);
      const { id, name, results } = await whenEnded(
        ({ substitutions }) => substitutions?.COMMIT_SHA === after,
      );
      const build = await openBuilds(api, projectId, region).get(name);
      if (!build) throw new Error(`build ${name} does not exist`);
      return { build, log: await logOf(id), images: results?.images ?? [] };
    },
  };
}
