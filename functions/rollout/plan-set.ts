import { isSettled, type Release } from '../release/release.ts';
import { nothing, type Plan, type Situation } from './situation.ts';

/** What keeps a release for good from going out with its set: a member that has failed. Undefined when none has. */
export function spoiltSet(release: Release, set: readonly Release[]): Plan | undefined {
  const spoilt = set.find(
    ({ stage }) => stage === 'failed' || stage === 'rolled-back' || stage === 'cancelled',
  );
  if (!spoilt) return undefined;
  const reason = `${spoilt.service} of the same commit, with which it goes out, is ${spoilt.stage}`;
  // A rerun of one member of a set that has failed waits for the reruns of the others.
  return endedAfter(spoilt, release.createdAt)
    ? { kind: 'reject', reason }
    : nothing(`${reason}; run its build again too`);
}

const endedAfter = ({ history }: Release, time: string): boolean => (history.at(-1)?.at ?? '') >= time;

/** The member that has to come first: all are verified before any gets traffic, and then they go in the set's order. */
export function waitsForSet({ release, set, unrecorded }: Situation): string | undefined {
  // Its build is known from the builds of the commit; the first message about it is still to come, or was lost.
  const [unknown] = unrecorded;
  if (unknown !== undefined)
    return `${unknown} of the same commit comes first: there is no record of its build yet`;
  const order = release.candidate?.policy.releaseSet ?? [];
  const other = set.find(
    (member) =>
      !isSettled(member) &&
      (member.verdict === undefined ||
        member.build.status !== 'SUCCESS' ||
        order.indexOf(member.service) < order.indexOf(release.service)),
  );
  return other && `${other.service} of the same commit comes first: it is ${other.stage}`;
}
