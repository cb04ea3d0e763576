import type { RunService } from '../../functions/platform/cloud-run.ts';
import type { Release } from '../../functions/release/release.ts';
import type { ServiceRecord, Serving, Shares } from '../../functions/release/service-record.ts';
import { servingOf } from '../../functions/rollout/confirm-live.ts';
import { inWords, latest, sameShares, sharesOf, wantedShares } from '../../functions/rollout/shares.ts';
import { schemaTooOld } from '../../functions/release/steps.ts';
import { refused } from './intent.ts';

export interface ServingFacts {
  readonly record: ServiceRecord;
  readonly run: RunService | undefined;
  /** The release of the revision that serves everything, if one does and it is of this pipeline. */
  readonly whole: Release | undefined;
  /** The release that is being rolled out. */
  readonly rollingOut: Release | undefined;
  readonly now: Date;
}

/** What serves, seen as the pipeline's own. */
export interface Taken {
  readonly says: readonly string[];
  readonly danger: string | undefined;
  readonly shares: Shares | undefined;
  /** What becomes stable. */
  readonly stable: Serving | undefined;
}

/** How what serves now can count as ours, or why it cannot. */
export function takenAsOurs({
  record,
  run,
  whole,
  rollingOut,
  now,
}: ServingFacts): Taken | { readonly kind: 'refused'; readonly reason: string } {
  const { service, stable } = record;
  if (!run)
    return refused(
      `Cloud Run has no service ${service} any more; push a commit that makes it, or run its build again`,
    );
  const shares = sharesOf(run.traffic);
  const served = sharesOf(run.serving);
  const one = `roll back to one revision first: npm run rollback -- ${service} --to REVISION (npm run status shows the revisions)`;
  if (shares.some(({ revision }) => revision === latest))
    return refused(
      `the traffic of ${service} goes to whatever revision is ready last, so that the next candidate would get it unverified; ${one}`,
    );
  if (!run.settled)
    return refused(`Cloud Run is still changing ${service}; try again in a moment (npm run status)`);
  if (!sameShares(shares, served))
    return refused(
      `${service} serves ${inWords(served)}, where ${inWords(shares)} is asked for${run.failure === undefined ? '' : ` (${run.failure})`}; ${one}`,
    );
  const goesOn = rollingOn(record, rollingOut, shares);
  if (goesOn) return goesOn;
  const [only, ...others] = shares;
  if (only && others.length === 0) {
    const serving = `${only.revision} serves 100 %`;
    if (only.revision === stable?.revision)
      return { says: [`${serving} and is stable.`], danger: undefined, shares, stable: undefined };
    if (whole?.candidate?.revision !== only.revision)
      return refused(
        `${serving} and is no release of this pipeline, so that the next one could not be compared with it nor go back to it; ${one}`,
      );
    const adopt = servingOf(whole, now.toISOString());
    const tooOld = adopt && schemaTooOld(adopt, record);
    return {
      says: [
        `${serving}; it becomes stable${stable ? ` in place of ${stable.revision}, which counts as taken back` : ''}.`,
      ],
      danger: [
        `${only.revision} becomes what the next release is compared with and goes back to`,
        ...(tooOld === undefined ? [] : [tooOld]),
      ].join('; and '),
      shares,
      stable: adopt,
    };
  }
  return refused(
    `the traffic of ${service} is split (${inWords(shares)}) and no release that is being rolled out has it so; ${one}`,
  );
}

/** The release that was stopped goes on at the step that it has, if nothing but it and the stable revision serve. */
function rollingOn(
  { service, stable, traffic }: ServiceRecord,
  release: Release | undefined,
  shares: Shares,
): Taken | undefined {
  const revision = release?.candidate?.revision;
  const percent = release?.steps.at(-1)?.percent;
  if (release?.stage !== 'rolling-out' || revision === undefined || percent === undefined) return undefined;
  if (!shares.every((share) => share.revision === revision || share.revision === stable?.revision))
    return undefined;
  const wanted = wantedShares(revision, percent, stable?.revision);
  // A step that was asked for just before the freeze need not be served yet.
  const expected = [wanted, ...(traffic ? [traffic.asked, ...traffic.before] : [])];
  const ours = expected.some((known) => sameShares(known, shares));
  return {
    says: [`It serves ${inWords(shares)}; the rollout of ${release.id} goes on with ${percent} %.`],
    danger: ours
      ? undefined
      : `the traffic that somebody set by hand, ${inWords(shares)}, becomes ${inWords(wanted)} again; to give ${revision} all of it: npm run promote -- ${service}, once it is released`,
    shares,
    stable: undefined,
  };
}
