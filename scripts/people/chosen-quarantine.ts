import type { Quarantined } from '../../functions/release/service-record.ts';

/** Shorter beginnings of a commit or a digest may mean several. */
const shortest = 7;

/** The entries that are meant by a commit, a digest (with or without `sha256:`), the beginning of one, or `all`. */
export function chosenQuarantine(
  quarantine: readonly Quarantined[],
  chosen: string | undefined,
): readonly Quarantined[] {
  if (chosen === undefined) return [];
  if (chosen === 'all') return quarantine;
  const start = chosen.toLowerCase().replace(/^sha256:/, '');
  if (start.length < shortest) return [];
  return quarantine.filter(({ commit, digest, release }) =>
    [commit, digest.replace(/^sha256:/, ''), release].some((name) => name.startsWith(start)),
  );
}
