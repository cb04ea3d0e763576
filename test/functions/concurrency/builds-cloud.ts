import { CloudBuildClient } from '@google-cloud/cloudbuild';
import { mkdirSync, mkdtempSync } from 'node:fs';
import path from 'node:path';
import { openBuilds, type Builds, type OngoingBuilds } from '../../../functions/platform/cloud-build.ts';
import { openBucket, type Bucket } from '../../../functions/platform/cloud-storage.ts';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import { createBuildRoom } from '../../../local/build/build-room.ts';
import { ApiError } from '../../../local/core/api-error.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { testCloud } from '../../support/cloud-context.ts';

export const repository = 'acme/shop';

export interface Submission {
  readonly purpose: 'checks' | 'release';
  readonly commit: string;
  /** `api` when nothing is said. */
  readonly service?: string;
  readonly branch?: string;
  readonly script: string;
}

/** Cloud Build and Cloud Storage, reached as the pipeline reaches them. */
export interface BuildsCloud {
  readonly origin: string;
  readonly builds: Builds & OngoingBuilds;
  readonly bucket: Bucket;
  /** Of the machine, for steps that wait for a file. */
  readonly folder: string;
  /** Starts a build; its name. */
  submit(submission: Submission): Promise<string>;
  logOf(name: string): Promise<string>;
  close(): Promise<void>;
}

export async function buildsCloud(concurrency = 8): Promise<BuildsCloud> {
  const cloud = await testCloud();
  const { context, stateFolder } = cloud;
  const folder = mkdtempSync(path.join(stateFolder, 'test-'));
  const shimFolder = path.join(folder, 'bin');
  mkdirSync(shimFolder);
  const storage = createStorageRoom(context);
  const { room } = createBuildRoom(
    context,
    {
      publisher: { publish: () => undefined },
      secrets: {
        access: (name) => {
          throw new ApiError('NOT_FOUND', `${name} does not exist`);
        },
      },
      storage: storage.objects,
      images: { resolve: () => undefined, list: () => [], shimFolder },
      git: { gitDir: () => undefined, onPush: () => undefined },
      log: { write: () => undefined },
    },
    { concurrency },
  );
  await cloud.serve([storage.room, room]);
  const { origin, projectId, region } = context;
  const made = await fetch(`${origin}/storage/v1/b?project=${projectId}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: `${projectId}-slipway` }),
  });
  if (!made.ok) throw new Error(await made.text());

  const api = createGoogleApi(origin);
  const client = new CloudBuildClient(api.clientOptions);
  const parent = `projects/${projectId}/locations/${region}`;
  return {
    origin,
    builds: openBuilds(api, projectId, region),
    bucket: openBucket(api, `${projectId}-slipway`),
    folder,
    async submit({ purpose, commit, service = 'api', branch = 'main', script }) {
      const substitutions = {
        _SERVICE: service,
        _PURPOSE: purpose,
        COMMIT_SHA: commit,
        REPO_FULL_NAME: repository,
        BRANCH_NAME: branch,
      };
      const steps = [{ name: 'node:24-slim', script, automapSubstitutions: true }];
      const build = { steps, substitutions, options: { substitutionOption: 'ALLOW_LOOSE' as const } };
      const [operation] = await client.createBuild({ parent, build });
      const metadata = operation.metadata as { build?: { id?: string } } | null;
      return `${parent}/builds/${metadata?.build?.id ?? ''}`;
    },
    logOf: async (name) =>
      (await fetch(`${origin}/cloud-build/logs/${name.slice(name.lastIndexOf('/') + 1)}`)).text(),
    async close() {
      await client.close();
      await cloud.close();
    },
  };
}
