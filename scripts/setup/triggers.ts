import { CloudBuildClient, type protos } from '@google-cloud/cloudbuild';
import { isDeepStrictEqual } from 'node:util';
import { substitutions as names } from '../../functions/release/naming.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import { UserError } from '../cli/user-error.ts';
import { pushTriggerOf, triggersOf } from '../pipeline/triggers.ts';
import type { SetupTarget } from './target.ts';

type IBuildTrigger = protos.google.devtools.cloudbuild.v1.IBuildTrigger;

/** One trigger for each service and purpose, and one for every push. Last of all, so that no build starts before everybody listens. */
export async function setUpTriggers(
  { api, pipeline, note }: SetupTarget,
  builderImage: string,
): Promise<void> {
  const client = new CloudBuildClient(api.clientOptions);
  const parent = `projects/${pipeline.project}/locations/${pipeline.region}`;
  try {
    const [existing] = await client.listBuildTriggers({ parent });
    const wanted = wantedTriggers(pipeline, builderImage);
    for (const trigger of wanted) {
      const found = existing.find(({ name }) => name === trigger.name);
      const other = found?.substitutions?._ENVIRONMENT;
      if (other !== undefined && other !== pipeline.environment.name) {
        throw new UserError(
          `trigger ${trigger.name} belongs to environment ${other}: a project carries one environment of a pipeline`,
        );
      }
      if (!found) {
        await client.createBuildTrigger({ parent, trigger });
        note(`created trigger ${trigger.name}`);
      } else if (!isDeepStrictEqual(settingsOf(found), settingsOf(trigger))) {
        const { id = '', resourceName = '' } = found;
        await client.updateBuildTrigger({ trigger: { ...trigger, id, resourceName } });
        note(`updated trigger ${trigger.name}`);
      }
    }
    const kept = new Set(wanted.map(({ name }) => name));
    for (const trigger of existing) {
      // A service that pipeline.yaml no longer has is no longer built. Other people's triggers are none of ours.
      if (!isOurs(trigger, pipeline) || kept.has(trigger.name ?? '')) continue;
      await client.deleteBuildTrigger({ name: trigger.resourceName ?? '' });
      note(`deleted trigger ${trigger.name ?? ''}`);
    }
  } finally {
    await client.close();
  }
}

function wantedTriggers(pipeline: Pipeline, builderImage: string): IBuildTrigger[] {
  const push = pushTriggerOf(pipeline, builderImage);
  return [
    ...triggersOf(pipeline).map((each) => ({
      ...each,
      tags: [...each.tags],
      includedFiles: [...each.includedFiles],
      substitutions: { ...each.substitutions, _BUILDER: builderImage },
    })),
    {
      ...push,
      tags: [...push.tags],
      build: {
        ...push.build,
        tags: [...push.build.tags],
        steps: push.build.steps.map((step) => ({ ...step, args: [...step.args] })),
      },
    },
  ];
}

const isOurs = ({ github, substitutions }: IBuildTrigger, { repository }: Pipeline): boolean =>
  github?.owner === repository.owner &&
  github.name === repository.name &&
  substitutions?.[names.service] !== undefined &&
  substitutions[names.purpose] !== undefined;

/** What setup decides about a trigger; the rest is Cloud Build's. */
const settingsOf = ({ filename, build, includedFiles, substitutions, github }: IBuildTrigger): unknown => ({
  filename: filename ?? '',
  steps: (build?.steps ?? []).map(({ name, args }) => ({ name, args: [...(args ?? [])] })),
  includedFiles: [...(includedFiles ?? [])],
  substitutions: { ...substitutions },
  owner: github?.owner,
  repository: github?.name,
  branch: github?.push?.branch,
  inverted: github?.push?.invertRegex ?? false,
});
