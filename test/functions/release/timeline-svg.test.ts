import { describe, expect, test } from '@jest/globals';
import { overlap, type Box } from '../../../functions/release/picture/shapes.ts';
import { boldness, textWidth } from '../../../functions/release/picture/text.ts';
import { timelineSvg } from '../../../functions/release/timeline-svg.ts';
import { timelineOf } from '../../../functions/release/timeline.ts';
import type { Release } from '../../../functions/release/release.ts';
import { parseXml, type XmlElement } from '../../../scripts/builder/xml.ts';
import { begun, seen, told, withStable, worse } from '../../support/told-releases.ts';
import { sceneNames, scenes, type Scene } from '../../support/told-scenes.ts';

const draw = ({ release, record }: Scene): string => timelineSvg(timelineOf(release, record));

const hostile = '</text><script>alert("1")</script>&amp;\u0000\u0007\ud800 ]]>';
const long = 'W'.repeat(400);
const renamed = (release: Release, text: string): Release => ({
  ...release,
  service: text,
  branch: text,
  approvals: [1, 2, 3, 4, 5, 6].map((count) => ({
    percent: 25,
    by: `${text} ${count}`,
    why: text,
    at: new Date(Date.UTC(2026, 0, 1, 9, count)).toISOString(),
  })),
  history: release.history.map((entry) => ({ ...entry, reason: text, by: text })),
});

const extreme: Record<string, Scene> = {
  'hostile text': { release: renamed(scenes['rolled-back'].release, hostile), record: withStable() },
  'text that is too long for any place': {
    release: renamed(scenes['taken-over'].release, long),
    record: withStable({ frozen: { at: '', by: long, why: long, cause: 'person' } }),
  },
  'characters of double width': {
    release: renamed(scenes.superseded.release, '発売中止🚀'.repeat(30)),
    record: withStable(),
  },
  'everything at the same moment': {
    release: told([
      ...seen.candidate(0),
      ...seen.verified(2),
      ...seen.built(2),
      ...seen.step(2, 5, 2),
      ...seen.judged(2, 5, 'unhealthy', worse),
      [2, { kind: 'rolled-back', reason: worse }],
    ]),
    record: withStable(),
  },
  'a step of three years': {
    release: told([...begun(), ...seen.step(130, 5), ...seen.step(94_608_000, 25)]),
    record: withStable(),
  },
};
const all: Record<string, Scene> = { ...scenes, ...extreme };
const names = Object.keys(all);
const svgOf = (name: string): string => {
  const scene = all[name];
  if (!scene) throw new Error(`no scene ${name}`);
  return draw(scene);
};

const number = (element: XmlElement, name: string): number => Number(element.attributes[name]);

function boxOf(element: XmlElement): Box {
  const size = number(element, 'font-size');
  const width = textWidth(
    element.text,
    element.attributes.class?.endsWith(' b') === true ? size * boldness : size,
  );
  const x = number(element, 'x');
  const anchor = element.attributes['text-anchor'] ?? 'start';
  const left = { start: x, middle: x - width / 2, end: x - width }[anchor] ?? x;
  const y = number(element, 'y');
  return { left, right: left + width, top: y - size * 0.8, bottom: y + size * 0.2 };
}

describe.each(names)('the picture of: %s', (name) => {
  const svg = svgOf(name);
  const root = parseXml(svg);
  const texts = root.children.filter((element) => element.name === 'text');

  test('is XML that stands alone: nothing to run, to load or to embed', () => {
    expect(root.name).toBe('svg');
    const allowed = new Set(['title', 'desc', 'style', 'rect', 'path', 'text']);
    expect(root.children.filter((element) => !allowed.has(element.name))).toEqual([]);
    expect(svg).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)/);
    expect(svg.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(svg).not.toMatch(/href|url\(|@import|NaN|undefined|Infinity/);
    expect(svg.isWellFormed()).toBe(true);
  });

  test('has a title and a description for those who do not see it', () => {
    expect(root.attributes.role).toBe('img');
    const [title, description] = root.children;
    expect(title).toMatchObject({ name: 'title', attributes: { id: 'title' } });
    expect(description).toMatchObject({ name: 'desc', attributes: { id: 'description' } });
    expect(description?.text.length).toBeGreaterThan(10);
  });

  test('no text meets another or leaves the picture', () => {
    const boxes = texts.map((element) => ({ text: element.text, box: boxOf(element) }));
    const frame = { width: number(root, 'width'), height: number(root, 'height') };
    for (const { text, box } of boxes) {
      const inside = box.left >= 0 && box.right <= frame.width && box.top >= 0 && box.bottom <= frame.height;
      expect([text, inside]).toEqual([text, true]);
    }
    const meeting = boxes.flatMap((a, index) =>
      boxes.slice(index + 1).flatMap((b) => (overlap(a.box, b.box) ? [`${a.text} / ${b.text}`] : [])),
    );
    expect(meeting).toEqual([]);
  });

  test('the same records give the same text', () => {
    expect(svgOf(name)).toBe(svg);
  });
});

test.each(sceneNames)('no text is smaller than 14 pixels: %s', (name) => {
  const sizes = [...draw(scenes[name]).matchAll(/font-size="(\d+)"/g)].map(([, size]) => Number(size));
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(14);
});

test('the curve rises when a step is served and falls when it is taken back', () => {
  const svg = draw(scenes['rolled-back']);
  expect(svg).toMatch(/class="n s-bad" d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+" stroke-width="3"/);
  expect(svg).toContain('>25 %</text>');
  expect(svg).toContain('rolled back to 0c11d5e-77aa0b12');
});

test('both schemes of the reader are in it', () => {
  const svg = draw(scenes.live);
  expect(svg).toContain('@media(prefers-color-scheme:dark)');
});
