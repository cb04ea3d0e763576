import type { TrafficTarget } from '../platform/cloud-run.ts';
import type { ServiceRecord, Shares } from '../release/service-record.ts';

/** How a pin to whatever is ready last reads among the shares. */
export const latest = '(latest)';

/** Percent by revision, in order of their names; what has no percent is not in it. */
export function sharesOf(targets: readonly TrafficTarget[]): Shares {
  const percents = new Map<string, number>();
  for (const { revision = latest, percent } of targets)
    if (percent > 0) percents.set(revision, (percents.get(revision) ?? 0) + percent);
  return [...percents]
    .map(([revision, percent]) => ({ revision, percent }))
    .sort((a, b) => (a.revision < b.revision ? -1 : 1));
}

export const sameShares = (a: Shares, b: Shares): boolean => JSON.stringify(a) === JSON.stringify(b);

/** `api-x 90 %, api-y 10 %` */
export const inWords = (shares: Shares): string =>
  shares.length === 0
    ? 'no traffic'
    : [...shares]
        .sort((a, b) => b.percent - a.percent)
        .map(({ revision, percent }) => `${revision} ${percent} %`)
        .join(', ');

/** All to one, or so much to the candidate and the rest to the stable revision. */
export function wantedShares(candidate: string, percent: number, stable: string | undefined): Shares {
  const rest = stable === undefined || stable === candidate ? 0 : 100 - percent;
  return sharesOf([
    { revision: candidate, percent: 100 - rest, tag: undefined },
    ...(stable === undefined ? [] : [{ revision: stable, percent: rest, tag: undefined }]),
  ]);
}

const none: ReadonlySet<string> = new Set();

/** The traffic list for these shares: every tag stays where it is, but those of revisions that did not start. */
export function trafficFor(
  shares: Shares,
  current: readonly TrafficTarget[],
  failed: ReadonlySet<string> = none,
): TrafficTarget[] {
  const tags = current
    .filter(({ tag, revision }) => tag !== undefined && !failed.has(revision ?? ''))
    .map((target) => ({ ...target, percent: 0 }));
  return [...shares.map(({ revision, percent }) => ({ revision, percent, tag: undefined })), ...tags];
}

/**
 * Somebody else has changed the traffic: it is neither what we asked for last nor what was there before; or it was, until a
 * deployment came by and pinned it.
 */
export const isForeign = (shares: Shares, { traffic }: Pick<ServiceRecord, 'traffic'>): boolean =>
  traffic !== undefined &&
  (traffic.foreign !== undefined ||
    ![traffic.asked, ...traffic.before].some((known) => sameShares(known, shares)));

/** For people: what the traffic is, or was before a deployment came by, and what it should be. */
export const foreignTraffic = (shares: Shares, { traffic }: Pick<ServiceRecord, 'traffic'>): string => {
  const asked = `where ${inWords(traffic?.asked ?? [])} was asked for`;
  return traffic?.foreign === undefined
    ? `the traffic is ${inWords(shares)}, ${asked}`
    : `the traffic was ${inWords(traffic.foreign.shares)}, ${asked}, when a deployment came by; it is ${inWords(shares)} now`;
};

/**
 * The record of what is asked for now, beside all that may still be the case until Cloud Run has worked it through. Whoever
 * may ask although somebody else has changed the traffic has settled that with it.
 */
export function asking(
  wanted: Shares,
  observed: Shares,
  { traffic }: ServiceRecord,
  at: string,
  by: string,
): NonNullable<ServiceRecord['traffic']> {
  if (traffic && sameShares(traffic.asked, wanted) && traffic.foreign === undefined) return traffic;
  const earlier = [observed, ...(traffic ? [traffic.asked, ...traffic.before] : [])];
  const before = earlier.filter(
    (shares, index) =>
      !sameShares(shares, wanted) && earlier.findIndex((each) => sameShares(each, shares)) === index,
  );
  return { asked: wanted, before: before.slice(0, maxBefore), at, by };
}

/** More changes than this under way at once would mean that nothing is ever confirmed. */
const maxBefore = 8;
