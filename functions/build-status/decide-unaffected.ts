import { statusContext } from '../release/naming.ts';
import type { DesiredStatus } from '../release/statuses.ts';
import { startingFile, type PathFilter } from './path-filter.ts';

/** A service that has checks: their trigger. */
export interface CheckedService extends PathFilter {
  readonly service: string;
  readonly trigger: string;
}

/** What is known of what lies between two commits. */
export type Known =
  | { readonly kind: 'all'; readonly files: readonly string[] }
  /** GitHub does not list every file, or does not know one of the commits any more. */
  | { readonly kind: 'unsure'; readonly why: string; readonly files: readonly string[] };

export interface PushToJudge {
  /** What the push has changed. */
  readonly changed: Known;
  /** The commit at the head of the branch before; undefined for the first push of a branch. */
  readonly before: string | undefined;
  /** Cloud Build has had the time to start what it starts. */
  readonly isSettled: boolean;
  /** The push's own build. */
  readonly logUrl: string;
}

/** What stands at the commit before for the checks of a service. */
export type Standing = Pick<DesiredStatus, 'state' | 'targetUrl'>;

/** Any build of the checks has been created later than this, so its own status wins over ours, whoever comes first. */
const before = '';

/** What is sure to stay gives way to nothing but a build; what waits for a build at the commit before does. */
const ranks = { pending: 0, decided: 1 } as const;

const words: Readonly<Record<DesiredStatus['state'], string>> = {
  success: 'passed',
  pending: 'under way',
  failure: 'failed',
  error: 'not passed',
};

/**
 * Whether the push leaves the service alone: `affected` names the file that does not, `unknown` waits for Cloud Build
 * itself, which starts a build for what it takes for affected.
 */
export function affectedBy(
  changed: Known,
  filter: PathFilter,
): { readonly kind: 'affected'; readonly file: string } | { readonly kind: 'unaffected' | 'unknown' } {
  const file = startingFile(filter, changed.files);
  if (file !== undefined) return { kind: 'affected', file };
  // A push without files (an empty commit, a new branch at a known commit) may start every trigger.
  return { kind: changed.kind === 'all' && changed.files.length > 0 ? 'unaffected' : 'unknown' };
}

/**
 * The status of the checks of a service that have no build at a commit; undefined while it is too early to say. `standing`
 * is asked for what was said of the commit before, `branchAffected` whether the branch as a whole changes the service.
 */
export async function decideUnaffected(
  checked: CheckedService,
  push: PushToJudge,
  ask: {
    standing(): Promise<Standing | undefined>;
    branch(): Promise<Known>;
  },
): Promise<DesiredStatus | undefined> {
  const context = statusContext(checked.service, 'checks');
  const say = (
    state: DesiredStatus['state'],
    description: string,
    targetUrl = push.logUrl,
  ): DesiredStatus => ({
    context,
    state,
    description,
    targetUrl,
    buildCreateTime: before,
    rank: state === 'pending' ? ranks.pending : ranks.decided,
  });
  const notBuilt = (file: string): DesiredStatus | undefined =>
    push.isSettled
      ? say(
          'error',
          `Not checked, run the trigger ${checked.trigger}: no build was started although ${file} has changed`,
        )
      : undefined;

  const affected = affectedBy(push.changed, checked);
  if (affected.kind === 'affected') {
    if (!push.isSettled) return undefined;
    // The commit before may be of an older branch of the same name: then the files are those of others, and Cloud Build
    // starts nothing. A branch without any change counts as such here.
    const whole = await ask.branch();
    const isLeftAlone = whole.kind === 'all' && startingFile(checked, whole.files) === undefined;
    return isLeftAlone ? say('success', 'Not affected by this branch') : notBuilt(affected.file);
  }
  if (affected.kind === 'unknown' && !push.isSettled) return undefined;
  const unsure = push.changed.kind === 'unsure' ? `; no build was started, and ${push.changed.why}` : '';
  if (push.before === undefined) return say('success', `Not affected by this push${unsure}`);

  const standing = await ask.standing();
  if (standing) {
    const at = push.before.slice(0, 7);
    const text = `Not affected by this push: ${words[standing.state]} at ${at}${unsure}`;
    return say(standing.state, text, standing.targetUrl);
  }
  // Nothing was ever said of the commit before: then only what the branch leaves alone is fine.
  const whole = await ask.branch();
  const byBranch = affectedBy(whole, checked);
  if (byBranch.kind === 'affected') return notBuilt(byBranch.file);
  if (byBranch.kind === 'unknown' && !push.isSettled) return undefined;
  return say('success', `Not affected by this branch${unsure}`);
}
