import { CloudBuildClient, type protos } from '@google-cloud/cloudbuild';
import { isDeepStrictEqual } from 'node:util';
import { triggersOf } from '../pipeline/triggers.ts';
import type { SetupTarget } from './target.ts';

type IBuildTrigger = protos.google.devtools.cloudbuild.v1.IBuildTrigger;

/** Every trigger of ours has it (triggers.ts of the pipeline). */
const ownTag = 'slipway';

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
    const wanted = triggersOf(pipeline);
    for (const each of wanted) {
      const trigger = {
        ...each,
        tags: [...each.tags],
        includedFiles: [...each.includedFiles],
        substitutions: { ...each.substitutions, _BUILDER: builderImage },
      };
      const found = existing.find(({ name }) => name === trigger.name);
      if (!found) {
        await client.createBuildTrigger({ ...common, trigger });
        note(`created trigger ${trigger.name}`);
      } else if (!isDeepStrictEqual(settingsOf(found), settingsOf(trigger))) {
        const { id = '', resourceName = '' } = found;
        await client.updateBuildTrigger({
          projectId: pipeline.project,
          triggerId: id,
          trigger: { ...trigger, id, resourceName },
        });
        note(`updated trigger ${trigger.name}`);
      }
    }
    const names = new Set(wanted.map(({ name }) => name));
    for (const { id, name, tags } of existing) {
      // A service that pipeline.yaml no longer has is no longer built.
      if (!tags?.includes(ownTag) || !name || names.has(name)) continue;
      await client.deleteBuildTrigger({
        name: `${parent}/triggers/${id ?? ''}`,
        projectId: pipeline.project,
        triggerId: id ?? '',
      });
      note(`deleted trigger ${name}`);
    }
  } finally {
    await client.close();
  }
}

/** What setup decides about a trigger; the rest is Cloud Build's. */
const settingsOf = ({ filename, includedFiles, substitutions, github }: IBuildTrigger): unknown => ({
  filename,
  includedFiles: [...(includedFiles ?? [])],
  substitutions: { ...substitutions },
  owner: github?.owner,
  repository: github?.name,
  branch: github?.push?.branch,
  inverted: github?.push?.invertRegex ?? false,
});
