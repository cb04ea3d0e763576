import type { Tone } from '../timeline.ts';
import { overlap, type Box } from './shapes.ts';
import { boldness, shortened, textWidth } from './text.ts';

export interface Marker {
  readonly x: number;
  readonly text: string;
  readonly tone: Tone;
}

export interface Label extends Marker {
  /** Where the text starts, or ends when `anchor` says so. */
  readonly textX: number;
  readonly anchor: 'start' | 'end';
  /** 0 is the row next to the chart; undefined: there was room for the mark alone. */
  readonly row: number | undefined;
  readonly box: Box | undefined;
}

export const labelSize = 15;
export const rowHeight = 24;
const measured = labelSize * boldness;
const gap = 6;
const rows = 4;
/** Rather so much of the text than none. */
const lengths = [1, 0.7, 0.45];

/**
 * Puts labels into rows above the chart, each at its mark, with a line down from it. No text meets another or another's
 * line. `bottom` is the lower edge of row 0. What matters most has to come first.
 */
export function placeLabels(
  markers: readonly Marker[],
  left: number,
  right: number,
  bottom: number,
): Label[] {
  const placed: Label[] = [];
  for (const marker of markers) placed.push(place(marker, placed, left, right, bottom));
  return placed;
}

const leader = (x: number, row: number, bottom: number): Box => ({
  left: x - 2,
  right: x + 2,
  top: bottom - row * rowHeight,
  bottom,
});

function place(marker: Marker, placed: readonly Label[], left: number, right: number, bottom: number): Label {
  const texts = placed.flatMap(({ box }) => (box ? [box] : []));
  const leaders = placed.flatMap(({ x, row }) => (row === undefined ? [] : [leader(x, row, bottom)]));
  const whole = textWidth(marker.text, measured);
  for (const length of lengths) {
    const content = shortened(marker.text, measured, whole * length);
    const width = textWidth(content, measured);
    if (content === '') break;
    for (let row = 0; row < rows; row += 1) {
      for (const anchor of ['start', 'end'] as const) {
        const textX = anchor === 'start' ? marker.x + gap : marker.x - gap;
        const start = anchor === 'start' ? textX : textX - width;
        const low = bottom - row * rowHeight;
        const box: Box = { left: start, right: start + width, top: low - rowHeight, bottom: low };
        const own = leader(marker.x, row, bottom);
        const fits = box.left >= left && box.right <= right;
        const free = ![...texts, ...leaders].some((other) => overlap(other, widened(box)));
        if (fits && free && !texts.some((other) => overlap(other, own)))
          return { ...marker, text: content, textX, anchor, row, box };
      }
    }
  }
  return { ...marker, text: '', textX: marker.x, anchor: 'start', row: undefined, box: undefined };
}

const widened = ({ left, right, ...rest }: Box): Box => ({ ...rest, left: left - gap, right: right + gap });
