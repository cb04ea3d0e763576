/** How many colours styles.css has for authors. */
export const hueCount = 10;

/** The colour of an author, the same for the same name on every page. */
export function hueOf(author: string): number {
  let hash = 0;
  for (const character of author.toLowerCase()) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return hash % hueCount;
}

/** One or two letters that stand for an author. */
export function initialsOf(author: string): string {
  const words = author.split(/\s+/u).filter((word) => word !== '');
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return chosen.map((word) => firstCharacter(word ?? '?')).join('');
}

/** A character as people count them: an emoji of several code points is one. */
function firstCharacter(word: string): string {
  const [first] = new Intl.Segmenter().segment(word);
  return (first?.segment ?? '').toLocaleUpperCase();
}
