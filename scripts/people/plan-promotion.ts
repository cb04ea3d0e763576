import { orderOf, type Release } from '../../functions/release/release.ts';
import type { ServiceRecord } from '../../functions/release/service-record.ts';
import { percentsOf } from '../../functions/release/steps.ts';
import { overtakenBy, quarantined } from '../../functions/rollout/eligibility.ts';
import { refused, type Intent } from './intent.ts';
import { standingStill } from './standing-still.ts';
import { decisionInWords, releaseInWords, shortCommit } from './words.ts';

export type PromotionIntent = Intent<{ readonly release: Release }>;

/** Which release gets all traffic without waiting any longer: of several under way the one that is named by its id. */
export function planPromotion(
  service: string,
  record: ServiceRecord,
  underWay: readonly Release[],
  named: string | undefined,
  now: Date,
): PromotionIntent {
  const still = standingStill(record, now);
  if (still !== undefined) return refused(still);
  const eligible = underWay
    .filter(({ stage, verdict }) => stage === 'rolling-out' || (stage === 'verifying' && verdict))
    .filter(({ id }) => named === undefined || id === named);
  const [release, another] = eligible.sort((a, b) => (orderOf(a) < orderOf(b) ? 1 : -1));
  if (!release) {
    const doing = underWay.map((each) => `\n${releaseInWords(each, now)}`).join('');
    return refused(
      `${service} has no release ${named === undefined ? '' : `${named} `}that could be promoted: one has to be verified first${doing}`,
    );
  }
  if (another)
    return refused(
      `${eligible.length} releases of ${service} are under way; name one with --release: ${eligible
        .map(({ id, commit, stage }) => `${id} (commit ${shortCommit(commit)}, ${stage})`)
        .join(', ')}`,
    );
  return promotable(service, record, release, now);
}

function promotable(service: string, record: ServiceRecord, release: Release, now: Date): PromotionIntent {
  const about = releaseInWords(release, now);
  const current = release.steps.at(-1);
  const bad = [release.verdict, current?.verdict].some((verdict) => verdict?.verdict === 'unhealthy');
  if (bad) return refused(`${about}. What is unhealthy is taken back and cannot be promoted; push a fix`);
  if (release.withdrawn) return refused(`${about}. It is being taken back: ${release.withdrawn.reason}`);
  if (release.build.status !== 'SUCCESS')
    return refused(
      `${about}. Its build is ${release.build.status}: nothing gets traffic before its build has ended in SUCCESS; try again then`,
    );
  const unfit = quarantined(release, record) ?? overtakenBy(release, record);
  if (unfit !== undefined) return refused(`${about}. It must not go out: ${unfit}`);
  if (current?.percent === 100)
    return refused(`${about}. It has all traffic already, and counts as live once it has been watched there`);
  if (release.promoted)
    return { kind: 'already', says: `${about}.\nIt was promoted ${decisionInWords(release.promoted, now)}.` };
  const left = percentsOf(release, record).filter((percent) => percent > (current?.percent ?? 0));
  const first = current || left[0] === 100 ? undefined : left[0];
  const skipped = left.filter((percent) => percent !== 100 && percent !== first);
  const course = `It gets ${first === undefined ? 'all' : `${first} % first, and then all`} traffic of ${service}`;
  const without =
    skipped.length === 0
      ? ''
      : `, without ${skipped.map((percent) => `${percent} %`).join(' and ')} in between`;
  return {
    kind: 'do',
    release,
    says: `${about}.\n${course}${without}. Approvals and the time that its policy gives each step are not waited for; it is still taken back if it turns out unhealthy.`,
    danger: `everybody gets ${release.candidate?.revision ?? release.id} before it has been watched as its policy says`,
  };
}
