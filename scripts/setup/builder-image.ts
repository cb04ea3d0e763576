import { CloudBuildClient } from '@google-cloud/cloudbuild';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { bundleBuilder } from '../builder/bundle-builder.ts';
import { imageRepository } from '../pipeline/pipeline.ts';
import { ensure } from './ensure.ts';
import { buckets } from './storage.ts';
import type { SetupTarget } from './target.ts';
import { sha256, uploadOnce } from './uploads.ts';

const run = promisify(execFile);

/** The repository that holds every image of the pipeline. */
export async function setUpRegistry({ api, pipeline, note }: SetupTarget): Promise<void> {
  const parent = `/v1/projects/${pipeline.project}/locations/${pipeline.region}/repositories`;
  const created = await ensure(api, {
    what: 'the image repository',
    service: 'artifactregistry',
    path: `${parent}/slipway`,
    create: {
      path: parent,
      query: { repositoryId: 'slipway' },
      json: { format: 'DOCKER', description: 'Images of the delivery pipeline' },
    },
  });
  if (created) note(`created image repository ${imageRepository(pipeline)}`);
}

/** Builds the tool that build steps run, with Cloud Build; its reference by digest. */
export async function setUpBuilderImage(target: SetupTarget, sourceFolder: string): Promise<string> {
  const { api, pipeline, note } = target;
  const work = await mkdtemp(path.join(tmpdir(), 'slipway-builder-'));
  try {
    const bundle = path.join(work, 'builder.js');
    const dockerfile = path.join(work, 'Dockerfile');
    await bundleBuilder(bundle);
    await copyFile(path.join(sourceFolder, 'scripts', 'builder', 'Dockerfile'), dockerfile);
    const sourceHash = sha256(await readFile(bundle), await readFile(dockerfile), imageRepository(pipeline));
    const { result, changed } = await uploadOnce(target, 'builder', sourceHash, async () => {
      const archive = path.join(work, 'source.tar.gz');
      await run('tar', ['-czf', archive, '-C', work, 'builder.js', 'Dockerfile']);
      const source = {
        bucket: buckets(pipeline.project).source,
        object: `builder/${sourceHash.slice(0, 16)}.tar.gz`,
      };
      await openBucket(api, source.bucket).write(
        source.object,
        Uint8Array.from(await readFile(archive)),
        'application/gzip',
      );
      return buildImage(target, source, `${imageRepository(pipeline)}/builder:${sourceHash.slice(0, 16)}`);
    });
    if (changed) note(`built the image of the build steps' tool`);
    return result;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function buildImage(
  { api, pipeline }: SetupTarget,
  source: { bucket: string; object: string },
  image: string,
): Promise<string> {
  const client = new CloudBuildClient(api.clientOptions);
  try {
    const [operation] = await client.createBuild({
      parent: `projects/${pipeline.project}/locations/${pipeline.region}`,
      build: {
        source: { storageSource: source },
        steps: [{ name: 'gcr.io/cloud-builders/docker', args: ['build', '-t', image, '.'] }],
        images: [image],
        options: { logging: 'CLOUD_LOGGING_ONLY' },
      },
    });
    const [build] = await operation.promise();
    const digest = (build as { results?: { images?: { digest?: string | null }[] | null } | null }).results
      ?.images?.[0]?.digest;
    if (!digest) throw new Error(`the build of ${image} pushed no image`);
    return `${image.slice(0, image.lastIndexOf(':'))}@${digest}`;
  } catch (cause) {
    throw new Error(`the image of the build steps' tool could not be built: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    await client.close();
  }
}
