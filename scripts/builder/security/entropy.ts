/** Shannon entropy of a text's characters, in bits a character. */
export function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const { length } = Array.from(text);
  return [...counts.values()].reduce((sum, count) => sum - (count / length) * Math.log2(count / length), 0);
}

const placeholder =
  /example|placeholder|change-?me|dummy|sample|redacted|insert|replace|your[-_]|my[-_]|x{4,}|\*{3,}|\.{3}|0123456|1234567|abcdef|([0-9a-z])\1{5,}/i;

/** Whether a text is plainly there for a secret to be put in its place. */
export const isPlaceholder = (text: string): boolean => placeholder.test(text);

/**
 * Whether a value looks as if a machine had drawn it: long, no words, letters and digits mixed. Names of things
 * (`board-database-password`), paths, versions and templates do not.
 */
export function looksRandom(value: string): boolean {
  if (value.length < 16 || isPlaceholder(value)) return false;
  if (!/^[A-Za-z0-9+/=_.~!@#%^&*-]+$/.test(value)) return false;
  if (/^[0-9a-f]+$/i.test(value)) return value.length >= 32 && entropyBits(value) >= 3;
  const runs = value.split(/[-_./=]/).filter((run) => run.length >= 12);
  const mixed = runs.some((run) => (run.match(/\d/g)?.length ?? 0) >= 2 && /[A-Za-z]/.test(run));
  return mixed && entropyBits(value) >= 3.5;
}
