import type { CloudBuildStatus } from '../platform/cloud-build.ts';

/** A release build of the service. Times are RFC 3339 in UTC. */
export interface Contender {
  readonly id: string;
  readonly commit: string;
  readonly status: CloudBuildStatus;
  readonly createTime: string;
  /** Since when it could begin: its creation, or a person's approval. Before that nobody waits for it. */
  readonly queuedAt: string;
  /** When its commit was pushed; undefined for a rerun that is not recorded yet. */
  readonly orderedAt: string | undefined;
  /** It has ended in SUCCESS, and its release has not failed since. */
  readonly succeeded: boolean;
}

export type Turn =
  | { readonly kind: 'go' }
  | { readonly kind: 'wait'; readonly behind: readonly Contender[] }
  /** Nobody knows yet when its commit was pushed. */
  | { readonly kind: 'unplaced' }
  | { readonly kind: 'overtaken'; readonly by: Contender };

const isUnderWay = ({ status }: Contender): boolean => status === 'QUEUED' || status === 'WORKING';

/** A total order: ids differ. */
const cameBefore = (a: Contender, b: Contender): boolean => `${a.queuedAt} ${a.id}` < `${b.queuedAt} ${b.id}`;

const place = ({ orderedAt, createTime, id }: Contender): string => `${orderedAt ?? ''} ${createTime} ${id}`;

const isNewer = (a: Contender, b: Contender): boolean =>
  a.orderedAt !== undefined && b.orderedAt !== undefined && place(a) > place(b);

/**
 * Whether a release build may push and deploy. Of two that are under way it is always the one that was queued later that
 * gives way, so both can never go at once, and nobody waits for somebody who waits for them. How it gives way depends on
 * which commit was pushed later: behind an older one it waits, behind a newer one it is overtaken. Cloud Build does not
 * tell which step a build is at, so that whoever came first may be deploying is taken for granted.
 *
 * `yields`: while it waits it also makes room for a newer build that comes after it.
 */
export function decideTurn(
  me: Contender,
  others: readonly Contender[],
  { yields }: { readonly yields: boolean },
): Turn {
  const newer = others.filter((other) => isNewer(other, me));
  const ahead = others.filter((other) => isUnderWay(other) && cameBefore(other, me));
  const by = newer.find(({ succeeded }) => succeeded) ?? ahead.find((other) => newer.includes(other));
  if (by) return { kind: 'overtaken', by };
  if (me.orderedAt === undefined) return { kind: 'unplaced' };
  if (ahead.length === 0) return { kind: 'go' };
  const [newest] = newer.filter(isUnderWay).sort((a, b) => (place(a) < place(b) ? 1 : -1));
  return newest && yields ? { kind: 'overtaken', by: newest } : { kind: 'wait', behind: ahead };
}
