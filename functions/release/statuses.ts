import { z } from 'zod';
import type { Bucket } from '../platform/cloud-storage.ts';
import { GitHubBusyError, maxDescriptionLength, type CommitStatus, type GitHub } from '../platform/github.ts';
import { objects } from './naming.ts';

export interface StatusPorts {
  readonly bucket: Bucket;
  readonly github: Pick<GitHub, 'createStatus'>;
  now(): Date;
}

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
  /** GitHub has it, or will never take it. */
  posted: z.boolean(),
  /** When somebody set out to post it, in milliseconds since the epoch. */
  wishedAt: z.number(),
  /** Why GitHub does not take it. */
  refused: z.string().optional(),
  /** Somebody else's post of something older may reach GitHub until then: afterwards this is posted once more. */
  contestedUntil: z.number().optional(),
});
type Ledgered = z.infer<typeof ledgered>;

/**
 * `posted`: GitHub has it now; `already`: it had it; `outdated`: something newer stands; `held`: somebody else is posting
 * just this at the moment, or something older, which may come after it; `refused`: GitHub does not take it, now or later.
 */
export type Reported = 'posted' | 'already' | 'outdated' | 'held' | 'refused';

const isOlder = (a: { buildCreateTime: string; rank: number }, b: Ledgered): boolean =>
  a.buildCreateTime === b.buildCreateTime ? a.rank < b.rank : a.buildCreateTime < b.buildCreateTime;

const says = (a: Omit<DesiredStatus, 'context'>, b: Ledgered): boolean =>
  a.state === b.state &&
  a.description === b.description &&
  a.targetUrl === b.targetUrl &&
  a.buildCreateTime === b.buildCreateTime;

/** Who has not confirmed after this long has died, and the next one posts. */
const holdMs = 20_000;
const maxAttempts = 10;

/**
 * Until when the post of a wish that is overtaken may come after ours. Who made it repairs that, unless they die before
 * they find out.
 */
function contestedUntil(standing: Ledgered | undefined, nowMs: number): number | undefined {
  if (!standing) return undefined;
  const until = Math.max(
    standing.contestedUntil ?? 0,
    standing.posted || standing.wishedAt === 0 ? 0 : standing.wishedAt + holdMs,
  );
  return until > nowMs ? until : undefined;
}

/**
 * Makes GitHub show the latest status of a context, whoever asks in whatever order: the wish is written first (compare
 * and set), then posted, then marked as posted. Of many who wish the same one posts. Who finds its wish overtaken after
 * posting posts the newer one again, so a slow handler cannot leave an old state behind.
 */
export async function reportStatus(
  { bucket, github, now }: StatusPorts,
  commit: string,
  status: DesiredStatus,
): Promise<Reported> {
  const object = objects.status(commit, status.context);
  const { context, ...wished } = { ...status, description: shorten(status.description) };
  let mine: Omit<DesiredStatus, 'context'> = wished;
  let done: Reported = 'already';

  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const stored = await bucket.read(object);
    const standing = stored && ledgered.parse(JSON.parse(stored.text));
    if (standing && isOlder(mine, standing)) {
      if (standing.posted) return done === 'posted' ? done : 'outdated';
      mine = standing;
    }
    if (standing && says(mine, standing)) {
      if (standing.posted) {
        if (standing.refused !== undefined) return 'refused';
        if (standing.contestedUntil === undefined) return done;
        if (now().getTime() < standing.contestedUntil) return 'held';
      } else if (now().getTime() - standing.wishedAt < holdMs) return 'held';
    }
    const until = contestedUntil(standing, now().getTime());
    const { state, description, targetUrl, buildCreateTime, rank } = mine;
    const wish: Ledgered = {
      ...{ state, description, targetUrl, buildCreateTime, rank },
      posted: false,
      wishedAt: now().getTime(),
      ...(until === undefined ? {} : { contestedUntil: until }),
    };
    const generation = await bucket.writeIf(object, JSON.stringify(wish), stored?.generation ?? '0');
    if (generation === undefined) continue;
    const answer = await github
      .createStatus(commit, { context, state, description, targetUrl })
      .catch(async (error: unknown) => {
        // Without an answer it may still be on its way, so the wish is held as long as usual. With one, whoever comes
        // next posts; but nobody while GitHub asks to be left alone.
        if (error instanceof GitHubBusyError) {
          const free: Ledgered = {
            ...wish,
            wishedAt: now().getTime() + error.retryAfterSeconds * 1000 - holdMs,
          };
          await bucket.writeIf(object, JSON.stringify(free), generation).catch(() => undefined);
        }
        throw error;
      });
    done = 'posted';
    const confirmed = { ...wish, posted: true, ...(answer.accepted ? {} : { refused: answer.reason }) };
    if ((await bucket.writeIf(object, JSON.stringify(confirmed), generation)) !== undefined) {
      if (!answer.accepted) return 'refused';
      return until === undefined ? done : 'held';
    }
    // Overtaken between wish and confirmation. If by something else, our post may have come after it: post it again.
    const next = await bucket.read(object);
    const newer = next && ledgered.parse(JSON.parse(next.text));
    if (!newer || says(mine, newer)) return done;
    await bucket.writeIf(object, JSON.stringify({ ...newer, posted: false, wishedAt: 0 }), next.generation);
    mine = newer;
  }
  throw new Error(`${context} of ${commit} was changed by others ${maxAttempts} times in a row`);
}

/**
 * What should stand at a commit, by those who have reported it; undefined when nobody has. `isSaid`: GitHub has it, or will
 * never take it, so there is nothing left to report.
 */
export async function standingStatus(
  bucket: Bucket,
  commit: string,
  context: string,
): Promise<
  (Pick<DesiredStatus, 'state' | 'description' | 'targetUrl'> & { readonly isSaid: boolean }) | undefined
> {
  const stored = await bucket.read(objects.status(commit, context));
  if (!stored) return undefined;
  const { state, description, targetUrl, ...found } = ledgered.parse(JSON.parse(stored.text));
  const isSaid = found.posted && (found.refused !== undefined || found.contestedUntil === undefined);
  return { state, description, targetUrl, isSaid };
}

/** By characters, not by code units: half of a pair would be refused. */
function shorten(text: string): string {
  if (text.length <= maxDescriptionLength) return text;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (kept.length + segment.length > maxDescriptionLength - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
