import { isPlaceholder } from './entropy.ts';
import { secretRules } from './secret-rules.ts';

/** Where a secret stands; the secret itself is left out on purpose. */
export interface FoundSecret {
  readonly rule: string;
  readonly title: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** The secrets in a text, in its order. Where several rules fit the same place, the most particular one counts. */
export function scanSecrets(text: string): FoundSecret[] {
  const taken: { start: number; end: number; rule: string; title: string }[] = [];
  for (const { name, title, pattern, holds } of secretRules) {
    for (const match of text.matchAll(pattern)) {
      const groups = match.groups ?? {};
      const [start = match.index, end = match.index] = match.indices?.groups?.secret ?? [];
      if (!(holds ? holds(groups) : !isPlaceholder(groups.secret ?? ''))) continue;
      if (taken.some((other) => start < other.end && other.start < end)) continue;
      taken.push({ start, end, rule: name, title });
    }
  }
  return taken
    .sort((a, b) => a.start - b.start)
    .map(({ start, rule, title }) => {
      const before = text.slice(0, start);
      return { rule, title, line: before.split('\n').length, column: start - before.lastIndexOf('\n') };
    });
}
