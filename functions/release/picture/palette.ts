import type { Tone } from '../timeline.ts';

type Palette = Readonly<Record<Tone | 'ground' | 'ink' | 'faint' | 'grid' | 'on', string>>;

const light: Palette = {
  ground: '#ffffff',
  ink: '#1f2328',
  faint: '#59636e',
  grid: '#d1d9e0',
  on: '#ffffff',
  good: '#1a7f37',
  bad: '#cf222e',
  unsure: '#9a6700',
  busy: '#0969da',
  neutral: '#6e7781',
};

const dark: Palette = {
  ground: '#0d1117',
  ink: '#f0f6fc',
  faint: '#9da7b3',
  grid: '#30363d',
  on: '#0d1117',
  good: '#3fb950',
  bad: '#f85149',
  unsure: '#d29922',
  busy: '#58a6ff',
  neutral: '#9da7b3',
};

const rules = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, colour]) => `.f-${name}{fill:${colour}}.s-${name}{stroke:${colour}}`)
    .join('');

/** Classes `f-…` and `s-…` for fills and strokes, in the reader's own scheme. An image has no other way to learn it. */
export const styleSheet = [
  "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif}",
  '.b{font-weight:600}.n{fill:none}',
  rules(light),
  `@media(prefers-color-scheme:dark){${rules(dark)}}`,
].join('');
