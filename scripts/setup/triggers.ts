import { CloudBuildClient } from '@google-cloud/cloudbuild';
import { isDeepStrictEqual } from 'node:util';
import { triggersOf } from '../pipeline/triggers.ts';
import type { SetupTarget } from './target.ts';

/** One trigger for each service and purpose. Last of all, so that no build starts before everybody listens. */
export async function setUpTriggers(
  { api, pipeline, note }: SetupTarget,
  builderImage: string,
): Promise<void> {
  const client = new CloudBuildClient(api.clientOptions);
  const parent = `projects/${pipeline.project}/locations/${pipeline.region}`;
  const common = { parent, projectId: pipeline.project };
  try {
    const [existing] = await client.listBuildTriggers(common);
    for (const wanted of triggersOf(pipeline)) {
      const trigger = {
        ...wanted,
        tags: [...wanted.tags],
        includedFiles: [...wanted.includedFiles],
        substitutions: { ...wanted.substitutions, _BUILDER: builderImage },
      };
      const found = existing.find(({ name }) => name === trigger.name);
      if (!found) {
        await client.createBuildTrigger({ ...common, trigger });
        note(`created trigger ${trigger.name}`);
      } else if (
        !isDeepStrictEqual({ ...found.substitutions }, trigger.substitutions) ||
        !sameFiles(found.includedFiles, trigger.includedFiles) ||
        found.filename !== trigger.filename
      ) {
        await client.updateBuildTrigger({
          projectId: pipeline.project,
          triggerId: found.id ?? '',
          trigger: { ...trigger, id: found.id ?? '', resourceName: found.resourceName ?? '' },
        });
        note(`updated trigger ${trigger.name}`);
      }
    }
  } finally {
    await client.close();
  }
}

const sameFiles = (a: readonly string[] | null | undefined, b: readonly string[]): boolean =>
  isDeepStrictEqual([...(a ?? [])], [...b]);
