/** A number, or a duration as `durationInWords` has it: `5 min`, `5 min 3 s`. */
const figures = /\d+(?:\.\d+)?(?: (?:s|min|h|d)\b)?(?: \d+ (?:s|min|h)\b)?/g;

const unitSeconds: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 };

/** Durations in seconds, so that `58 s` and `1 min 2 s` are near one another. */
function valueOf(figure: string): number {
  const [first = '0', unit, second, smaller] = figure.split(' ');
  const seconds = (count: string | undefined, name: string | undefined): number =>
    Number(count ?? 0) * (name === undefined ? 1 : (unitSeconds[name] ?? 1));
  return seconds(first, unit) + seconds(second, smaller);
}

const withoutFigures = (text: string): string => text.replace(figures, '#');

function isFar(before: number, after: number): boolean {
  const [small, large] = [Math.min(before, after), Math.max(before, after)];
  return large > 0 && large >= 2 * small;
}

/**
 * Whether the reasons of a verdict say something else than before: other words, or a figure that is twice or half of what
 * it was. Figures of somebody who waits change with every look; told each time they would hide what matters. Those of the
 * first reason are never news: it counts the good probes in a row.
 */
export function differMaterially(before: readonly string[], after: readonly string[]): boolean {
  if (before.length !== after.length) return true;
  return after.some((text, index) => {
    const told = before[index] ?? '';
    if (withoutFigures(text) !== withoutFigures(told)) return true;
    if (index === 0) return false;
    const old = told.match(figures) ?? [];
    return (text.match(figures) ?? []).some((figure, at) => isFar(valueOf(old[at] ?? '0'), valueOf(figure)));
  });
}
