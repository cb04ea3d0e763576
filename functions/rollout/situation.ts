import type { RunService, TrafficTarget } from '../platform/cloud-run.ts';
import type { ReleaseKey } from '../release/naming.ts';
import type { Release } from '../release/release.ts';
import type { ServiceRecord, Shares } from '../release/service-record.ts';

/** The next thing to do for a release. */
export type Plan =
  /** `page`: and somebody has to know, for as long as it is so. */
  | { readonly kind: 'nothing'; readonly reason: string; readonly page?: true }
  | { readonly kind: 'supersede'; readonly reason: string }
  /** It must not get traffic at all. */
  | { readonly kind: 'reject'; readonly reason: string }
  /** The records first: what the service is asked for, and that the release has so much. */
  | { readonly kind: 'step'; readonly percent: number; readonly shares: Shares; readonly reason: string }
  /** The service's record does not say that these are asked for by this release: it has to, before they are. */
  | { readonly kind: 'claim'; readonly shares: Shares }
  | { readonly kind: 'set-traffic'; readonly traffic: readonly TrafficTarget[] }
  | { readonly kind: 'set-open'; readonly open: boolean }
  /** Cloud Run is at it, or another release has to move first. */
  | { readonly kind: 'settle' }
  | { readonly kind: 'serving'; readonly percent: number }
  | { readonly kind: 'confirm' }
  /** The others of its set that have traffic are to come back too. */
  | { readonly kind: 'withdraw'; readonly releases: readonly ReleaseKey[]; readonly reason: string }
  | { readonly kind: 'take-back'; readonly reason: string }
  /** It could not be taken back by itself, and has no traffic any more all the same. */
  | { readonly kind: 'gone-back'; readonly reason: string }
  /** Somebody else has changed the traffic: it is theirs now. */
  | { readonly kind: 'yield'; readonly shares: Shares }
  | { readonly kind: 'taken-over'; readonly reason: string; readonly by: string };

/** What there is to see when the next step is decided. */
export interface Situation {
  readonly release: Release;
  readonly record: ServiceRecord;
  readonly service: RunService | undefined;
  /** Revisions in the traffic that did not start. */
  readonly failed: ReadonlySet<string>;
  /** The releases of the same commit that go out together with this one. */
  readonly set: readonly Release[];
  /** Services of the same set of which this commit is built too, and of whose build there is no record yet. */
  readonly unrecorded: readonly string[];
  readonly now: Date;
}

export const nothing = (reason: string): Plan => ({ kind: 'nothing', reason });
