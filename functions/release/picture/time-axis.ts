import { durationInWords } from '../duration.ts';

/** A stretch of time that is drawn shorter than it was. */
export interface Break {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface TimeAxis {
  x(milliseconds: number): number;
  readonly ticks: readonly { readonly x: number; readonly text: string }[];
  readonly breaks: readonly Break[];
}

/** One stretch between two things that happened may be so many times as long as all others together; else it is cut. */
const longest = 3;
/** And is then drawn so many times as long. */
const cutTo = 0.6;
const minute = 60_000;
const paces = [
  100,
  200,
  500,
  1_000,
  2_000,
  5_000,
  10_000,
  20_000,
  30_000,
  ...[1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 7_200, 14_400, 43_200].map(
    (count) => count * minute,
  ),
];

/**
 * Time from `moments`, the first of which is the left end: to scale, but for a stretch in which nothing happened that
 * would leave no room for all the others. A night of waiting for a person is such a stretch.
 */
export function timeAxis(moments: readonly number[], left: number, right: number, ticks: number): TimeAxis {
  const sorted = [...new Set(moments)].sort((a, b) => a - b);
  const stretches = sorted.slice(1).map((untilMs, index) => ({ fromMs: sorted[index] ?? 0, untilMs }));
  const total = stretches.reduce((sum, { fromMs, untilMs }) => sum + untilMs - fromMs, 0);
  const drawn = stretches.map(({ fromMs, untilMs }) => {
    const length = untilMs - fromMs;
    const others = total - length;
    const broken = stretches.length > 2 && length > longest * others;
    return { fromMs, untilMs, broken, length: broken ? others * cutTo : length };
  });
  const scale =
    (right - left) /
    Math.max(
      1,
      drawn.reduce((sum, { length }) => sum + length, 0),
    );

  const x = (milliseconds: number): number => {
    let at = left;
    for (const { fromMs, untilMs, length } of drawn) {
      if (milliseconds <= fromMs) break;
      const share = Math.min(1, (milliseconds - fromMs) / (untilMs - fromMs));
      at += share * length * scale;
    }
    return at;
  };
  const breaks = drawn.filter(({ broken }) => broken);
  return { x, breaks, ticks: ticksOf(sorted, breaks, x, scale, (right - left) / ticks) };
}

function ticksOf(
  moments: readonly number[],
  breaks: readonly Break[],
  x: (milliseconds: number) => number,
  scale: number,
  spacing: number,
): TimeAxis['ticks'] {
  const start = moments[0] ?? 0;
  const end = moments.at(-1) ?? start;
  const pace = paces.find((each) => each * scale >= spacing) ?? paces.at(-1) ?? end;
  const result = [{ x: x(start), text: '0' }];
  const add = (atMs: number): void => {
    const tick = { x: x(atMs), text: durationInWords(atMs) };
    if (tick.x - (result.at(-1)?.x ?? 0) >= spacing * 0.8) result.push(tick);
  };
  // From break to break: counting on through a year that nobody sees would take as long.
  const stops = [...breaks, { fromMs: end, untilMs: end }];
  let from = start;
  for (const { fromMs, untilMs } of stops) {
    for (let at = (Math.floor(from / pace) + 1) * pace; at <= fromMs; at += pace) add(at);
    if (untilMs > fromMs) add(untilMs);
    from = untilMs;
  }
  return result;
}
