import { orderOf, type Release } from '../../functions/release/release.ts';
import type { ServiceRecord } from '../../functions/release/service-record.ts';
import { awaitedApproval } from './awaited-approval.ts';
import { refused, type Intent } from './intent.ts';
import { standingStill } from './standing-still.ts';
import { releaseInWords } from './words.ts';

export type ApprovalIntent = Intent<{ readonly release: Release; readonly percent: number }>;

/**
 * Which of the releases under way gets its next percent by a person's word. `percent` is what the person believes it to
 * be: another one is refused, for it may have moved on since they looked.
 */
export function planApproval(
  service: string,
  record: ServiceRecord,
  underWay: readonly Release[],
  percent: number | undefined,
  now: Date,
): ApprovalIntent {
  const still = standingStill(record, now);
  if (still !== undefined) return refused(still);
  // The newest first: it is what the others are superseded by.
  const newestFirst = [...underWay].sort((a, b) => (orderOf(a) < orderOf(b) ? 1 : -1));
  for (const release of newestFirst) {
    const awaited = awaitedApproval(release, record);
    if (!awaited) continue;
    if (percent !== undefined && percent !== awaited.percent)
      return refused(
        `${releaseInWords(release, now)}. It waits for approval of ${awaited.percent} %, not of ${percent} %: npm run approve -- ${service} ${awaited.percent}`,
      );
    return {
      kind: 'do',
      release,
      percent: awaited.percent,
      says: `${releaseInWords(release, now)}.\nIt waits because ${awaited.why}. Approved, it gets ${awaited.percent} % of the traffic of ${service} and is watched there as before.`,
      danger: undefined,
    };
  }
  const doing = newestFirst.map((release) => `${releaseInWords(release, now)}.`);
  return refused(
    [
      `nothing of ${service} waits for approval; ${doing.length === 0 ? 'no release of it is under way' : 'under way:'}`,
      ...doing,
      ...(doing.length === 0 ? [] : [`To wait no longer: npm run promote -- ${service}`]),
    ].join('\n'),
  );
}
