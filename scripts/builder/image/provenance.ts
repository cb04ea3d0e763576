import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseReference } from '../../../local/images/image-reference.ts';
import { openBucket } from '../../../functions/platform/cloud-storage.ts';
import type { GoogleApi } from '../../../functions/platform/google-api.ts';
import { formatErrors } from '../../pipeline/errors.ts';
import type { Pipeline } from '../../pipeline/pipeline.ts';
import { readPipelineFile } from '../../pipeline/read.ts';
import { noNames, readCommandLine, UsageError, type Command } from '../command.ts';
import { readImageFile } from '../image-file.ts';
import { linkedFolders } from '../linked-folders.ts';
import { readStorageAddress } from '../storage-address.ts';
import { takenImages } from './base-image-rules.ts';
import { readDockerStages } from './docker-stages.ts';
import { provenanceStatement } from './provenance-statement.ts';
import { describedBom, joinedBom, readLockedPackages, withoutDevelopment } from './sbom.ts';

/** What is in an image, and how it was made, beside its reports. */
export const provenance: Command = {
  name: 'provenance',
  summary: 'keeps a list of what is in a pushed image, and a statement of how it was made',
  help: `builder provenance --service SERVICE --environment ENVIRONMENT --folder FOLDER
                   --image-file FILE --config FILE --commit SHA --build ID --to gs://BUCKET[/PREFIX]

Writes two files, named after the image's digest:

  sha256-….cdx.json         CycloneDX: the packages of package-lock.json without those that only
                            development needs, with image, commit and build
  sha256-….provenance.json  in-toto, SLSA provenance v1: image, commit, build config, lock file,
                            base images, build. NOT SIGNED

  --service SERVICE          one of the services in pipeline.yaml
  --environment ENVIRONMENT  one of the environments in pipeline.yaml
  --folder FOLDER            the folder of the service, from the root of the checkout
  --image-file FILE          holds the pushed image by digest, …@sha256:…
  --config FILE              the steps of this build: cloudbuild/release.yaml
  --commit SHA               the commit that the image was built from
  --build ID                 the id of the build
  --to ADDRESS               where both are kept`,

  async run(args, around) {
    const line = readCommandLine(args, [
      ...(['service', 'environment', 'folder', 'image-file', 'config', 'commit', 'build', 'to'] as const),
    ]);
    noNames(line);
    const { service, environment, commit, build, config } = line.options;
    const shown = path.posix.normalize(line.options.folder).replace(/\/$/, '');
    const to = readStorageAddress('to', line.options.to);
    if (!/^[0-9a-f]{40}$/.test(commit))
      throw new UsageError(`--commit must be 40 hexadecimal digits, not ${commit}`);
    const image = await readImageFile(path.resolve(around.folder, line.options['image-file']));
    const { name: imageName = '', digest = '' } = parseReference(image) ?? {};
    const { project, region, repository } = await readPipeline(around.folder, environment);
    const repositoryUrl = `https://github.com/${repository.owner}/${repository.name}`;
    const buildName = `projects/${project}/locations/${region}/builds/${build}`;
    const folder = path.resolve(around.folder, shown);

    const linked = await linkedFolders(around.folder, shown);
    const boms = await Promise.all(
      [shown, ...linked].map(async (each) =>
        readLockedPackages(
          path.resolve(around.folder, each),
          (await linkedFolders(around.folder, each)).map((other) => path.resolve(around.folder, other)),
        ),
      ),
    );
    const bom = describedBom(joinedBom(boms.map(withoutDevelopment)), {
      image,
      source: `git+${repositoryUrl}@${commit}`,
      build: buildName,
      scope: 'npm packages; not those of the base image',
    });
    const sbomText = json(bom);
    const prefix = to.prefix === '' ? '' : `${to.prefix}/`;
    const sbomObject = `${prefix}${digest.replace(':', '-')}.cdx.json`;
    const statement = provenanceStatement({
      imageName,
      imageSha256: digest.slice('sha256:'.length),
      repository: repositoryUrl,
      commit,
      service,
      environment,
      folder: shown,
      config: { path: config, sha256: await hashOf(path.resolve(around.folder, config)) },
      lockFiles: await Promise.all(
        [shown, ...linked].map(async (each) => ({
          path: `${each}/package-lock.json`,
          sha256: await hashOf(path.resolve(around.folder, each, 'package-lock.json')),
        })),
      ),
      baseImages: await baseImages(folder, shown),
      builderId: builderIdOf(around.api),
      build: buildName,
      sbom: { uri: `gs://${to.bucket}/${sbomObject}`, sha256: sha256(sbomText) },
    });
    const bucket = openBucket(around.api, to.bucket);
    await bucket.write(sbomObject, sbomText, 'application/vnd.cyclonedx+json');
    const statementObject = `${prefix}${digest.replace(':', '-')}.provenance.json`;
    await bucket.write(statementObject, json(statement), 'application/vnd.in-toto+json');
    around.print(`packages    ${bom.components.length}: gs://${to.bucket}/${sbomObject}`);
    around.print(`provenance  not signed: gs://${to.bucket}/${statementObject}`);
    return 0;
  },
};

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

async function hashOf(file: string): Promise<string> {
  try {
    return sha256(await readFile(file));
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Cloud Build's own name for itself, https://cloud.google.com/build/docs/securing-builds/view-build-provenance; else the cloud's address. */
function builderIdOf({ clientOptions }: GoogleApi): string {
  const { protocol = 'https', apiEndpoint, port } = clientOptions;
  return apiEndpoint === undefined
    ? 'https://cloudbuild.googleapis.com/GoogleHostedWorker'
    : `${protocol}://${apiEndpoint}${port === undefined ? '' : `:${port}`}`;
}

/** What the Dockerfile takes from registries by digest; lint-dockerfile sees to it that this is all. */
async function baseImages(folder: string, shown: string): Promise<{ reference: string; sha256: string }[]> {
  const source = await readFile(path.join(folder, 'Dockerfile'), 'utf8').catch((cause: unknown) => {
    throw new Error(`${shown}/Dockerfile cannot be read: ${(cause as Error).message}`, { cause });
  });
  const taken = takenImages(readDockerStages(source, `${shown}/Dockerfile`)).map(({ image }) => image);
  return [...new Set(taken)].flatMap((reference) => {
    const { digest } = parseReference(reference) ?? {};
    return digest === undefined ? [] : [{ reference, sha256: digest.slice('sha256:'.length) }];
  });
}

async function readPipeline(folder: string, environment: string): Promise<Pipeline> {
  const loaded = await readPipelineFile(folder, environment);
  if (loaded.ok) return loaded.pipeline;
  throw new Error(`pipeline.yaml cannot be used:\n${formatErrors(loaded.errors)}`);
}
