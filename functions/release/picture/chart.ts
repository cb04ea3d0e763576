import { durationInWords } from '../duration.ts';
import type { Timeline, TimelineStep, Tone } from '../timeline.ts';
import { glyph, line, rectangle, text, type Box, type Colour } from './shapes.ts';
import { boldness, textWidth } from './text.ts';
import type { TimeAxis } from './time-axis.ts';

/** The frame of the curve: time runs over its width, percent over its height. */
export interface Frame extends Box {
  readonly axis: TimeAxis;
  /** Right of it is not what was, but what is planned. */
  readonly nowX: number;
  /** Where marks come down through the curve. */
  readonly marks: readonly number[];
}

const laneSize = 14;

const levelOf = ({ top, bottom }: Frame, percent: number): number =>
  bottom - ((bottom - top) * percent) / 100;

export const gridLines = (frame: Frame): string[] =>
  [0, 25, 50, 75, 100].flatMap((percent) => {
    const y = levelOf(frame, percent);
    const named = percent % 50 === 0;
    return [
      line([frame.left, y], [frame.right, y], 'grid', named ? 1 : 0.6),
      named ? text(`${percent} %`, frame.left - 10, y + 5, { size: 14, colour: 'faint', anchor: 'end' }) : '',
    ];
  });

/** The candidate's percent over time. */
export function curve(timeline: Timeline, frame: Frame): string[] {
  const { axis, nowX } = frame;
  const { steps, end, liveMs } = timeline;
  let level = 0;
  const drawn = steps.flatMap((step, index) => {
    const from = axis.x(step.fromMs);
    const until =
      step.bake && liveMs !== undefined
        ? axis.x(end?.atMs ?? Infinity)
        : untilX(step, steps[index + 1], frame);
    const y = levelOf(frame, step.percent);
    const before = levelOf(frame, level);
    if (!step.served) return [line([axis.x(step.askedMs), y], [until, y], step.tone, 3, '2 5')];
    level = step.percent;
    const live = step.bake && liveMs !== undefined ? 'good' : step.tone;
    return [
      rectangle({ left: from, right: until, top: y, bottom: frame.bottom }, live, { opacity: 0.16 }),
      line([from, before], [from, y], live, 3),
      line([from, y], [until, y], live, 3),
      stepName(step, from, until, y, frame),
    ];
  });
  if (!end || level === 0) return drawn;
  const fall = axis.x(end.atMs);
  const tone: Colour = end.stage === 'rolled-back' ? 'bad' : 'neutral';
  return [
    ...drawn,
    line([fall, levelOf(frame, level)], [fall, frame.bottom], tone, 3),
    ...(fall < nowX - 1 ? [line([fall, frame.bottom], [nowX, frame.bottom], tone, 3)] : []),
  ];
}

/** What a step has it keeps until the next is served. */
function untilX({ untilMs }: TimelineStep, next: TimelineStep | undefined, { axis, nowX }: Frame): number {
  const leftMs = next ? (next.served ? next.fromMs : next.untilMs) : untilMs;
  return leftMs === undefined ? nowX : axis.x(leftMs);
}

function stepName({ percent }: TimelineStep, from: number, until: number, y: number, frame: Frame): string {
  const name = `${percent} %`;
  const size = 16;
  const half = textWidth(name, size * boldness) / 2 + 6;
  const places = [(from + until) / 2, from + half, until - half];
  const clear = places.find(
    (x) => x - half >= from && x + half <= until && frame.marks.every((mark) => Math.abs(mark - x) > half),
  );
  const below = y - frame.top < 26;
  return clear === undefined
    ? ''
    : text(name, clear, below ? y + 22 : y - 8, { size, colour: 'ink', anchor: 'middle', bold: true });
}

/** What is planned, as dashes without a time: nobody knows how long it takes. */
export function planned({ toCome, steps }: Timeline, frame: Frame): string[] {
  const from = frame.nowX + 14;
  const width = (frame.right - from) / Math.max(1, toCome.length);
  let before = steps.at(-1)?.percent ?? 0;
  return toCome.flatMap((percent, index) => {
    const left = from + index * width;
    const y = levelOf(frame, percent);
    const start = levelOf(frame, before);
    before = percent;
    const name = `${percent} %`;
    const fits = textWidth(name, 14) <= width;
    const below = y - frame.top < 26;
    return [
      line([left, start], [left, y], 'neutral', 1.5, '3 4'),
      line([left, y], [left + width, y], 'neutral', 1.5, '3 4'),
      fits
        ? text(name, left + width / 2, below ? y + 19 : y - 7, {
            size: 14,
            colour: 'faint',
            anchor: 'middle',
          })
        : '',
    ];
  });
}

/** Where a stretch that is drawn too short is cut: near its end, clear of what is written on it. */
export const cutsOf = ({ breaks, x }: TimeAxis): number[] =>
  breaks.map(({ fromMs, untilMs }) => Math.max((x(fromMs) + x(untilMs)) / 2, x(untilMs) - 20));

interface Phase {
  readonly fromMs: number;
  readonly untilMs: number | undefined;
  readonly tone: Tone;
  readonly name: string;
}

/** The lane below the curve: build, verification, steps, each in the colour of how it went. */
export function lane(
  timeline: Timeline,
  frame: Frame,
  { top, bottom }: { top: number; bottom: number },
): string[] {
  const { axis, nowX } = frame;
  const shown = phasesOf(timeline);
  const cuts = cutsOf(axis);
  return shown.flatMap(({ fromMs, untilMs, tone, name }, index) => {
    const left = axis.x(fromMs);
    const right = Math.max(left + 3, (untilMs === undefined ? nowX : axis.x(untilMs)) - 2);
    const next = shown[index + 1];
    // The next one is drawn over it, and a cut through it.
    const covers = [...cuts.map((cut) => cut - 14), next ? axis.x(next.fromMs) - 2 : right];
    const clear = Math.min(right, ...covers.filter((cover) => cover > left));
    const middle = (left + clear) / 2;
    const room = clear - left - 10;
    const mark = tone === 'neutral' ? 0 : 18;
    const took = untilMs === undefined ? '' : ` ${durationInWords(untilMs - fromMs)}`;
    const content = [`${name}${took}`, name].find(
      (each) => textWidth(each, laneSize * boldness) + mark <= room,
    );
    const width = content === undefined ? 0 : textWidth(content, laneSize * boldness);
    return [
      rectangle({ left: left - 2, right: right + 2, top, bottom }, 'ground'),
      rectangle({ left, right, top, bottom }, tone, { radius: 4 }),
      content === undefined
        ? room >= 10
          ? glyph(tone, middle, (top + bottom) / 2)
          : ''
        : glyph(tone, middle - width / 2 - 2, (top + bottom) / 2) +
          text(content, middle + mark / 2, bottom - 8, {
            size: 14,
            colour: 'on',
            anchor: 'middle',
            bold: true,
          }),
    ];
  });
}

function phasesOf({ build, verification, steps, liveMs, end, lastMs }: Timeline): Phase[] {
  // A candidate is probed while its build still runs: the lane shows what came last.
  const phases: Phase[] = [
    { ...build, untilMs: build.untilMs ?? (verification ? lastMs : undefined), name: 'build' },
    ...(verification ? [{ ...verification, name: 'verify' }] : []),
    ...steps.map(({ askedMs, untilMs, tone, percent, bake }) => ({
      fromMs: askedMs,
      untilMs,
      tone: bake && liveMs !== undefined && tone === 'neutral' ? ('good' as const) : tone,
      name: bake ? 'bake' : `${percent} %`,
    })),
    ...(liveMs === undefined
      ? []
      : [{ fromMs: liveMs, untilMs: end?.atMs, tone: 'good' as const, name: 'live' }]),
  ];
  return phases.sort((a, b) => a.fromMs - b.fromMs);
}
