import type { Ledger } from '../release/ledger.ts';
import type { Release } from '../release/release.ts';
import type { Situation } from './situation.ts';

/**
 * The releases of the same commit that go out together with this one: its siblings in the set that its policy names. One
 * that was live before this one was made is not part of it: it went out on its own. One that is
 * built and has no record yet is.
 */
export async function releaseSetOf(
  ledger: Ledger,
  release: Release,
): Promise<Pick<Situation, 'set' | 'unrecorded'>> {
  const declared = release.candidate?.policy.releaseSet ?? [];
  const names = release.siblings.filter((name) => name !== release.service && declared.includes(name));
  const found = await Promise.all(names.map((name) => ledger.ofCommit(name, release.commit)));
  return {
    set: found.flatMap((sibling) => (sibling && !wasLiveBefore(sibling, release.createdAt) ? [sibling] : [])),
    unrecorded: names.filter((_, index) => !found[index]),
  };
}

const wasLiveBefore = ({ history }: Release, time: string): boolean =>
  history.some(({ stage, at }) => stage === 'live' && at < time);
