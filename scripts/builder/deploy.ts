import path from 'node:path';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { openLedger } from '../../functions/release/ledger.ts';
import { releaseKey } from '../../functions/release/naming.ts';
import { formatErrors } from '../pipeline/errors.ts';
import { stateBucket, type Pipeline } from '../pipeline/pipeline.ts';
import { readPipelineFile } from '../pipeline/read.ts';
import { referencedServices, resolveEnv } from '../pipeline/references.ts';
import type { ServiceConfig } from '../pipeline/schema.ts';
import { candidateTemplate } from './candidate-template.ts';
import { noNames, readCommandLine, UsageError, type Command } from './command.ts';
import { createCandidate } from './create-candidate.ts';
import { readImageFile } from './image-file.ts';
import { openRunDeployments } from './run-deployments.ts';
import { serviceAddresses } from './service-addresses.ts';

/** Makes the revision that a build is for. */
export const deploy: Command = {
  name: 'deploy',
  summary: 'makes the candidate: a revision on Cloud Run with an address and no traffic',
  help: `builder deploy --service SERVICE --environment ENVIRONMENT --image-file FILE
               --commit SHA --build ID

Makes a revision of the service out of the image and of what pipeline.yaml says of the service.
It gets an address of its own and no traffic: verification and rollout take it from there.
A first revision cannot be without traffic: its service is closed until the revision is verified.
Doing the same twice is harmless.

  --service SERVICE          one of the services in pipeline.yaml
  --environment ENVIRONMENT  one of the environments in pipeline.yaml
  --image-file FILE          holds the image by digest, …@sha256:…
  --commit SHA               the commit that the image was built from
  --build ID                 the id of the build`,

  async run(args, around) {
    const line = readCommandLine(args, ['service', 'environment', 'image-file', 'commit', 'build']);
    noNames(line);
    const { service: name, environment, commit, build: buildId } = line.options;
    if (!/^[0-9a-f]{40}$/.test(commit))
      throw new UsageError(`--commit must be 40 hexadecimal digits, not ${commit}`);
    if (!/^[0-9a-z][0-9a-z-]{7,62}$/.test(buildId))
      throw new UsageError(`--build must be the id of a build, not ${buildId}`);

    const image = await readImageFile(path.resolve(around.folder, line.options['image-file']));
    const pipeline = await readPipeline(around.folder, environment);
    const service = serviceOf(pipeline, name);
    const { project, region } = pipeline;
    const run = openRunDeployments(around.api, project, region);
    const serviceUrls = await serviceAddresses(run, referencedServices(service.env), around);
    const env = resolveEnv(service.env, { project, region, commit, serviceUrls });

    const key = releaseKey(name, commit, buildId);
    const template = candidateTemplate(pipeline, service, { key, commit, buildId, image, env });
    const bucket = openBucket(around.api, stateBucket({ project }));
    const records = openLedger(bucket, { now: () => new Date(around.now()), sleep: around.sleep });
    const candidate = await createCandidate({ run, records }, { key, image, template }, around);
    around.print(`candidate ${candidate.revision}`);
    around.print(`  image    ${image}`);
    around.print(`  address  ${candidate.url ?? 'comes once the revision is ready'}`);
    around.print('  traffic  none until it is verified; its GitHub statuses tell how that goes');
    return 0;
  },
};

async function readPipeline(folder: string, environment: string): Promise<Pipeline> {
  const loaded = await readPipelineFile(folder, environment);
  if (loaded.ok) return loaded.pipeline;
  throw new Error(`pipeline.yaml cannot be used:\n${formatErrors(loaded.errors)}`);
}

function serviceOf({ services, environment }: Pipeline, name: string): ServiceConfig {
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  if (service) return service;
  throw new Error(
    `pipeline.yaml has no service ${name} in ${environment.name}; it has ${Object.keys(services).join(', ')}. Add it there, or remove its triggers with setup`,
  );
}
