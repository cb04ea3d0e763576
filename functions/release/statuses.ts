import { z } from 'zod';
import type { Bucket } from '../platform/cloud-storage.ts';
import { maxDescriptionLength, type CommitStatus, type GitHub } from '../platform/github.ts';
import { objects } from './naming.ts';

/** A status that should stand at a commit, and which of two should win. */
export interface DesiredStatus extends CommitStatus {
  /** Builds of one commit are told apart by their creation: a rerun's status wins over the earlier build's. */
  readonly buildCreateTime: string;
  /** How far along: a later state never gives way to an earlier one. */
  readonly rank: number;
}

const ledgered = z.object({
  state: z.enum(['pending', 'success', 'failure', 'error']),
  description: z.string(),
  targetUrl: z.string(),
  buildCreateTime: z.string(),
  rank: z.number(),
  /** GitHub has it. */
  posted: z.boolean(),
});
type Ledgered = z.infer<typeof ledgered>;

export type Reported = 'posted' | 'already' | 'outdated';

const isOlder = (a: { buildCreateTime: string; rank: number }, b: Ledgered): boolean =>
  a.buildCreateTime === b.buildCreateTime ? a.rank < b.rank : a.buildCreateTime < b.buildCreateTime;

const says = (a: Omit<DesiredStatus, 'context'>, b: Ledgered): boolean =>
  a.state === b.state &&
  a.description === b.description &&
  a.targetUrl === b.targetUrl &&
  a.buildCreateTime === b.buildCreateTime;

/**
 * Makes GitHub show the latest status of a context, whoever asks in whatever order: the wish is written first (compare
 * and set), then posted, then marked as posted. Who finds its wish overtaken after posting posts the newer one again,
 * so a slow handler cannot leave an old state behind.
 */
export async function reportStatus(
  bucket: Bucket,
  github: GitHub,
  commit: string,
  status: DesiredStatus,
): Promise<Reported> {
  const object = objects.status(commit, status.context);
  const { context, ...wished } = {
    ...status,
    description: status.description.slice(0, maxDescriptionLength),
  };
  let mine: Omit<DesiredStatus, 'context'> = wished;
  let outcome: Reported = 'already';

  for (;;) {
    const stored = await bucket.read(object);
    const standing = stored && ledgered.parse(JSON.parse(stored.text));
    if (standing) {
      if (isOlder(mine, standing)) {
        if (standing.posted) return 'outdated';
        mine = standing;
      } else if (standing.posted && says(mine, standing)) {
        return outcome;
      }
    }
    const wish: Ledgered = { ...mine, posted: false };
    const generation = await bucket.writeIf(object, JSON.stringify(wish), stored?.generation ?? '0');
    if (generation === undefined) continue;
    await github.createStatus(commit, {
      context,
      state: mine.state,
      description: mine.description,
      targetUrl: mine.targetUrl,
    });
    outcome = 'posted';
    const confirmed = await bucket.writeIf(object, JSON.stringify({ ...wish, posted: true }), generation);
    if (confirmed !== undefined) return outcome;
    // Overtaken between wish and confirmation: our post may have come after the newer one. Post what stands now.
    const now = await bucket.read(object);
    if (now) {
      const newer = ledgered.parse(JSON.parse(now.text));
      await bucket.writeIf(object, JSON.stringify({ ...newer, posted: false }), now.generation);
      mine = newer;
    }
  }
}
