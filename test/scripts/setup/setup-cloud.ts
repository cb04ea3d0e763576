import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import type { Room } from '../../../local/core/room.ts';
import type { Pipeline } from '../../../scripts/pipeline/pipeline.ts';
import type { SetupTarget } from '../../../scripts/setup/target.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

export interface SetupCloud {
  readonly cloud: TestCloud;
  /** What setup has said since the last look. */
  noted(): string[];
  target(pipeline?: Partial<Pipeline>): SetupTarget;
}

/** Rooms of the local cloud, and a part of setup in front of them, through the official clients. */
export async function setupCloud(open: (cloud: TestCloud) => readonly Room[]): Promise<SetupCloud> {
  const cloud = await testCloud();
  await cloud.serve(open(cloud));
  const notes: string[] = [];
  return {
    cloud,
    noted: () => notes.splice(0),
    target: (pipeline = {}) => ({
      pipeline: {
        project: 'test-project',
        region: 'europe-west1',
        repository: { owner: 'acme', name: 'shop' },
        environment: { name: 'production', branch: 'main' },
        databases: {},
        services: {},
        releaseSets: [],
        ...pipeline,
      },
      api: createGoogleApi(cloud.context.origin),
      folder: '/',
      githubToken: undefined,
      inventSecrets: false,
      note: (line) => void notes.push(line),
    }),
  };
}
