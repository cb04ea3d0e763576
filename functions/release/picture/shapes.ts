import type { Tone } from '../timeline.ts';
import { xml } from './text.ts';

export type Colour = Tone | 'ground' | 'ink' | 'faint' | 'grid' | 'on';

/** A rectangle that something takes in the picture. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Tenths of a pixel are enough, and the same record gives the same text. */
export const round = (value: number): number => Math.round(value * 10) / 10;

export interface TextStyle {
  readonly size: number;
  readonly colour: Colour;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly bold?: boolean;
}

export function text(
  content: string,
  x: number,
  y: number,
  { size, colour, anchor, bold }: TextStyle,
): string {
  if (content === '') return '';
  const classes = `f-${colour}${bold === true ? ' b' : ''}`;
  const anchored = anchor === undefined || anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text class="${classes}" x="${round(x)}" y="${round(y)}" font-size="${size}"${anchored}>${xml(content)}</text>`;
}

export const line = (
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  colour: Colour,
  width: number,
  dashes?: string,
): string =>
  `<path class="n s-${colour}" d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" stroke-width="${width}"${dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`}/>`;

export const rectangle = (
  { left, top, right, bottom }: Box,
  colour: Colour,
  { opacity = 1, radius = 0 }: { opacity?: number; radius?: number } = {},
): string =>
  `<rect class="f-${colour}" x="${round(left)}" y="${round(top)}" width="${round(Math.max(0, right - left))}" height="${round(bottom - top)}"${radius === 0 ? '' : ` rx="${radius}"`}${opacity === 1 ? '' : ` fill-opacity="${opacity}"`}/>`;

/** A tick, a cross or dots, 10 pixels wide: colour alone says nothing to some. */
export function glyph(tone: Tone, x: number, y: number): string {
  const path = {
    good: 'M-5 0L-1.5 3.5L5 -4',
    bad: 'M-4 -4L4 4M4 -4L-4 4',
    unsure: 'M-4 0L4 0',
    busy: 'M-5 0L-4 0M-.5 0L.5 0M4 0L5 0',
    neutral: undefined,
  }[tone];
  if (path === undefined) return '';
  return `<path class="n s-on" d="${path}" transform="translate(${round(x)} ${round(y)})" stroke-width="2.2" stroke-linecap="round"/>`;
}
