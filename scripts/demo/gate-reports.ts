import { parseJunit, placeOf } from '../builder/junit.ts';

const plain = (markdown: string): string => markdown.replaceAll('`', '').trim();

/** The gates that the summary of a build (`summary.md`, by `builder results`) says have failed. */
export function failedGatesIn(summary: string): string[] {
  const [, list] = /^\*\*FAILED: (.*)\*\*$/m.exec(summary) ?? [];
  return list === undefined ? [] : list.split(', ').map((gate) => gate.replace(/ \(.*\)$/, ''));
}

/** The first thing that `gate` has found, out of that summary: place and message. */
export function firstFinding(summary: string, gate: string): string | undefined {
  const sections = summary.split(/^## /m);
  const itemIn = (title: string): string | undefined => {
    const section = sections.find((each) => each.startsWith(`${title}\n`));
    const [, item] = /^- (.*)$/m.exec(section ?? '') ?? [];
    return item === undefined ? undefined : plain(item);
  };
  return itemIn(`${gate}: what it found`) ?? itemIn('Failed tests');
}

/** Every failed test of a JUnit report, on one line: place, name, message. */
export const failuresIn = (junit: string): string[] =>
  parseJunit(junit)
    .filter(({ outcome }) => outcome === 'failed')
    .map((test) => [placeOf(test), test.name, test.message].filter(Boolean).join(' '));
