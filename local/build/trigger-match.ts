import type { BuildTrigger } from './build-types.ts';
import { filesPass } from './path-globs.ts';
import { refPattern } from './ref-pattern.ts';

/** A push as triggers look at it. */
export interface PushedRef {
  readonly owner: string;
  readonly repository: string;
  readonly kind: 'branch' | 'tag';
  /** Without `refs/heads/` or `refs/tags/`. */
  readonly name: string;
  readonly files: readonly string[];
  readonly commitMessage: string;
}

/** `refs/heads/main` → branch main; undefined for refs that start no build (notes, pull requests). */
export function readRef(ref: string): { kind: 'branch' | 'tag'; name: string } | undefined {
  const found = /^refs\/(heads|tags)\/(.+)$/.exec(ref);
  return found ? { kind: found[1] === 'heads' ? 'branch' : 'tag', name: found[2] ?? '' } : undefined;
}

// GitHub's names are the same in either case.
const isSame = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

/** Why a push does not start a trigger. */
export type Refusal = 'disabled' | 'other repository' | 'other ref' | 'commit message' | 'files';

/** Undefined when the push starts the trigger, else the reason why it does not. */
export function triggerRefusal(trigger: BuildTrigger, push: PushedRef): Refusal | undefined {
  const { github } = trigger;
  if (!github?.push || !isSame(github.owner, push.owner) || !isSame(github.name, push.repository))
    return 'other repository';
  if (trigger.disabled === true) return 'disabled';
  const pattern = push.kind === 'branch' ? github.push.branch : github.push.tag;
  if (pattern === undefined) return 'other ref';
  if (refPattern(pattern).test(push.name) === (github.push.invertRegex === true)) return 'other ref';
  if (/\[(skip ci|ci skip)\]/.test(push.commitMessage)) return 'commit message';
  return filesPass(push.files, trigger) ? undefined : 'files';
}
