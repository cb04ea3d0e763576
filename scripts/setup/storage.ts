import { artifacts } from '../../functions/release/naming.ts';
import { stateBucket } from '../pipeline/pipeline.ts';
import { ensure } from './ensure.ts';
import type { SetupTarget } from './target.ts';

/** The buckets of a pipeline: its records, the build cache, the results of tests, the sources that setup uploads. */
export const buckets = (project: string): Record<'state' | 'cache' | 'artifacts' | 'source', string> => ({
  state: `${project}-slipway`,
  cache: `${project}-slipway-cache`,
  artifacts: artifacts.bucket(project),
  source: `${project}-slipway-source`,
});

/** Days after which an object of the bucket is deleted; the records stay. */
const lifetimeDays = { cache: 30, artifacts: 90, source: 30 } as const;

export async function setUpStorage({ api, pipeline, note }: SetupTarget): Promise<void> {
  const names = { ...buckets(pipeline.project), state: stateBucket(pipeline) };
  await Promise.all(
    Object.entries(names).map(async ([role, name]) => {
      const days = (lifetimeDays as Record<string, number | undefined>)[role];
      const created = await ensure(api, {
        what: `bucket gs://${name}`,
        service: 'storage',
        path: `/storage/v1/b/${name}`,
        create: {
          path: '/storage/v1/b',
          query: { project: pipeline.project },
          json: {
            name,
            location: pipeline.region.toUpperCase(),
            iamConfiguration: {
              uniformBucketLevelAccess: { enabled: true },
              publicAccessPrevention: 'enforced',
            },
            ...(days === undefined
              ? {}
              : { lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: days } }] } }),
          },
        },
      });
      if (created) note(`created bucket gs://${name}`);
    }),
  );
}
