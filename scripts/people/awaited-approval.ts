import type { Release } from '../../functions/release/release.ts';
import type { ServiceRecord } from '../../functions/release/service-record.ts';
import { waitingFor } from '../../functions/release/waiting.ts';
import { verdictInWords } from './words.ts';

/** A share of the traffic that a release gets as soon as a person lets it. */
export interface AwaitedApproval {
  readonly percent: number;
  readonly why: string;
}

/** What the release waits for a person to approve, if that is what it waits for, and why. */
export function awaitedApproval(release: Release, record: ServiceRecord): AwaitedApproval | undefined {
  const waiting = waitingFor(release, record);
  if (waiting?.kind !== 'approval') return undefined;
  const { percent } = waiting;
  const said = release.steps.at(-1)?.verdict ?? release.verdict;
  return {
    percent,
    why:
      said?.verdict === 'inconclusive'
        ? `verification cannot tell (${verdictInWords(said)})`
        : `its policy has a person approve ${percent} %`,
  };
}
