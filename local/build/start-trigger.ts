import type protobuf from 'protobufjs';
import type { BuildRecord, BuildRequest } from './build-store.ts';
import type { BuildConfig, BuildTrigger } from './build-types.ts';
import type { CreateBuild } from './create-build.ts';
import type { Git } from './git.ts';
import { spokenError, triggeredOptions, validateBuildConfig } from './validate-build-config.ts';

/** What a trigger builds: one commit, and the ref by which it came. */
export interface TriggeredCommit {
  /** As GitHub writes them; a trigger may have them in another case. */
  readonly owner: string;
  readonly repository: string;
  readonly gitDir: string;
  readonly commit: string;
  /** Absent when the trigger was run by hand on a bare SHA. */
  readonly ref?: { readonly kind: 'branch' | 'tag'; readonly name: string };
}

/** A stored trigger and where it lives. */
export interface PlacedTrigger {
  readonly project: string;
  readonly location: string;
  readonly trigger: BuildTrigger;
}

type ReadConfig = { readonly config: BuildConfig } | { readonly refusals: readonly string[] };

/** The substitutions that Cloud Build sets for a triggered build. */
export function triggerBuiltIns(
  trigger: BuildTrigger,
  { owner, repository, commit, ref }: TriggeredCommit,
): Record<string, string> {
  return {
    TRIGGER_NAME: trigger.name,
    COMMIT_SHA: commit,
    REVISION_ID: commit,
    SHORT_SHA: commit.slice(0, 7),
    REPO_NAME: repository,
    REPO_FULL_NAME: `${owner}/${repository}`,
    ...(ref ? { [ref.kind === 'branch' ? 'BRANCH_NAME' : 'TAG_NAME']: ref.name, REF_NAME: ref.name } : {}),
    TRIGGER_BUILD_CONFIG_PATH: trigger.filename ?? '',
  };
}

async function readConfig(
  trigger: BuildTrigger,
  { owner, repository, gitDir, commit }: TriggeredCommit,
  git: Git,
  descriptors: protobuf.Root,
): Promise<ReadConfig> {
  if (trigger.build) return { config: trigger.build };
  const file = trigger.filename ?? '';
  const text = await git.fileAt(gitDir, commit, file);
  if (text === undefined) {
    return {
      refusals: [
        `${file} is not in commit ${commit.slice(0, 7)} of ${owner}/${repository}: add the file, or correct the trigger's filename`,
      ],
    };
  }
  const validated = validateBuildConfig(text, { file, descriptors });
  if ('errors' in validated) return { refusals: validated.errors.map((error) => spokenError(file, error)) };
  return { config: validated.build };
}

/**
 * Makes the build of a trigger at a commit. The config is read from that very commit; where it is missing or wrong, the
 * build is made all the same and fails with the reason: a push is never silently ignored.
 */
export async function startTrigger(
  { project, location, trigger }: PlacedTrigger,
  at: TriggeredCommit,
  { git, descriptors, createBuild }: { git: Git; descriptors: protobuf.Root; createBuild: CreateBuild },
  { substitutions = {}, cause }: { substitutions?: Readonly<Record<string, string>>; cause?: string } = {},
): Promise<BuildRecord> {
  const read = await readConfig(trigger, at, git, descriptors);
  const config = 'config' in read ? read.config : { steps: [] };
  const serviceAccount = trigger.serviceAccount ?? config.serviceAccount;
  const request: BuildRequest = {
    project,
    location,
    triggerId: trigger.id,
    builtIns: triggerBuiltIns(trigger, at),
    config: {
      ...config,
      source: {
        gitSource: { url: `https://github.com/${at.owner}/${at.repository}.git`, revision: at.commit },
      },
      substitutions: { ...config.substitutions, ...trigger.substitutions, ...substitutions },
      options: { ...config.options, ...triggeredOptions },
      tags: [...(config.tags ?? []), `trigger-${trigger.id}`],
      ...(serviceAccount === undefined ? {} : { serviceAccount }),
    },
    ...('refusals' in read ? { refusals: read.refusals } : {}),
    ...(trigger.approvalConfig?.approvalRequired === true ? { approvalRequired: true } : {}),
    ...(cause === undefined ? {} : { cause }),
  };
  return createBuild(request);
}
