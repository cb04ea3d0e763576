import { outcomeOf } from './outcome.ts';
import { curve, cutsOf, gridLines, lane, planned, type Frame } from './picture/chart.ts';
import { placeLabels, labelSize, rowHeight, type Label } from './picture/labels.ts';
import { momentsOf } from './picture/markers.ts';
import { styleSheet } from './picture/palette.ts';
import { line, rectangle, text } from './picture/shapes.ts';
import { boldness, shortened, textWidth, wrapped, xml } from './picture/text.ts';
import { timeAxis, type TimeAxis } from './picture/time-axis.ts';
import type { Timeline } from './timeline.ts';

const width = 860;
const edge = 24;
const left = 74;
const right = width - edge;
const curveHeight = 160;
const laneHeight = 28;
/** How much of the width is for what is still to come. */
const plannedWidth = (count: number): number => (count === 0 ? 0 : Math.min(60 + 60 * count, 260));

/**
 * The release as a picture: percent of the traffic over time, how each step was judged, and what happened. An SVG that
 * stands alone: no scripts, no fonts, nothing to load, so GitHub and any browser show it.
 */
export function timelineSvg(timeline: Timeline): string {
  const { release, steps, toCome, end } = timeline;
  const { tone, badge, sentence } = outcomeOf(timeline);
  const nowX = right - plannedWidth(toCome.length);
  const axis = timeAxis(momentsIn(timeline), left, endX(timeline, nowX), 7);

  const told = wrapped(sentence, 16, width - 2 * edge, tone === 'bad' ? 3 : 2);
  const headHeight = 52 + told.length * 23;
  const markers = momentsOf(timeline).map(({ atMs, ...rest }) => ({ ...rest, x: axis.x(atMs) }));
  const rows = 1 + Math.max(-1, ...placeLabels(markers, left, right, 0).map(({ row = -1 }) => row));
  const top = headHeight + rows * rowHeight + 14;
  const labels = placeLabels(markers, left, right, top - 4);
  const frame: Frame = {
    left,
    right,
    top,
    bottom: top + curveHeight,
    axis,
    nowX,
    marks: markers.map(({ x }) => x),
  };
  const laneTop = frame.bottom + 10;
  const laneBottom = laneTop + laneHeight;
  const height = laneBottom + 42;

  const title = `${release.service} ${release.commit.slice(0, 7)}: ${badge}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${xml(title)}</title>`,
    `<desc id="description">${xml(`${sentence}. ${described(timeline)}`)}</desc>`,
    `<style>${styleSheet}</style>`,
    `<rect class="f-ground s-grid" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...heading(timeline, badge, tone),
    ...told.map((sentenceLine, index) =>
      text(sentenceLine, edge, 66 + index * 23, { size: 16, colour: 'ink' }),
    ),
    ...gridLines(frame),
    ...curve(timeline, frame),
    ...planned(timeline, frame),
    ...labels.flatMap((label) => drawLabel(label, frame.bottom)),
    ...(steps.length === 0 && toCome.length === 0
      ? [
          text('no traffic', (left + right) / 2, frame.bottom - curveHeight / 2 + 5, {
            size: 16,
            colour: 'faint',
            anchor: 'middle',
          }),
        ]
      : []),
    ...lane(timeline, frame, { top: laneTop, bottom: laneBottom }),
    ...(toCome.length === 0
      ? []
      : [
          text('planned', (nowX + 14 + right) / 2, laneBottom - 9, {
            size: 14,
            colour: 'faint',
            anchor: 'middle',
          }),
        ]),
    ...timeScale(axis, laneTop, laneBottom, end ? right : nowX),
    '</svg>',
    '',
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** What is live goes on beyond the last thing that happened. */
function endX({ liveMs, end, toCome }: Timeline, nowX: number): number {
  if (end) return liveMs === undefined && end.stage === 'failed' ? nowX - 60 : nowX - 40;
  if (liveMs !== undefined) return nowX - 90;
  return nowX - (toCome.length > 0 ? 24 : 60);
}

const momentsIn = ({ build, verification, steps, events, liveMs, end, lastMs }: Timeline): number[] =>
  [
    0,
    build.untilMs,
    verification?.fromMs,
    verification?.untilMs,
    ...steps.flatMap(({ askedMs, fromMs, untilMs }) => [askedMs, fromMs, untilMs]),
    ...events.map(({ atMs }) => atMs),
    liveMs,
    end?.atMs,
    Math.max(1, lastMs),
  ].flatMap((moment) => (moment === undefined ? [] : [moment]));

function heading({ release }: Timeline, badge: string, tone: Parameters<typeof rectangle>[1]): string[] {
  const badgeWidth = textWidth(badge, 16 * boldness) + 28;
  const name = shortened(release.service, 22 * boldness, 340);
  const nameWidth = textWidth(name, 22 * boldness);
  const at = `${release.commit.slice(0, 7)} on ${release.branch}`;
  const room = width - 2 * edge - badgeWidth - nameWidth - 28;
  return [
    text(name, edge, 40, { size: 22, colour: 'ink', bold: true }),
    text(shortened(at, 16, room), edge + nameWidth + 12, 40, { size: 16, colour: 'faint' }),
    rectangle({ left: width - edge - badgeWidth, right: width - edge, top: 18, bottom: 48 }, tone, {
      radius: 15,
    }),
    text(badge, width - edge - badgeWidth / 2, 39, { size: 16, colour: 'on', anchor: 'middle', bold: true }),
  ];
}

function drawLabel({ x, tone, text: content, textX, anchor, box }: Label, bottom: number): string[] {
  const top = box ? box.top + 4 : bottom - curveHeight - 4;
  return [
    line([x, top], [x, bottom], tone, 1.5, '4 3'),
    text(content, textX, (box?.bottom ?? 0) - 7, { size: labelSize, colour: tone, anchor, bold: true }),
  ];
}

function timeScale(axis: TimeAxis, laneTop: number, laneBottom: number, end: number): string[] {
  const size = 14;
  let taken = 0;
  const named = axis.ticks.flatMap(({ x: at, text: name }, index) => {
    const half = textWidth(name, size) / 2;
    const start = Math.max(edge, at - half);
    if (index > 0 && (start < taken + 10 || at + half > end + edge)) return [];
    taken = start + 2 * half;
    return [
      line([at, laneBottom + 3], [at, laneBottom + 9], 'faint', 1),
      text(name, start + half, laneBottom + 25, { size, colour: 'faint', anchor: 'middle' }),
    ];
  });
  const cuts = cutsOf(axis).flatMap((cut) =>
    [-4, 4].map((offset) =>
      line([cut + offset - 4, laneBottom + 3], [cut + offset + 4, laneTop - 3], 'ground', 4),
    ),
  );
  return [...named, ...cuts];
}

/** For those who do not see the picture. */
const described = ({ steps }: Timeline): string =>
  steps.length === 0
    ? 'It had no traffic.'
    : `Traffic: ${steps
        .map(
          ({ percent, verdict, served }) =>
            `${percent} % ${verdict?.verdict ?? (served ? 'not judged' : 'not served')}`,
        )
        .join(', ')}.`;
