import { durationInWords, timeInWords } from '../../functions/release/duration.ts';
import { outcomeOf } from '../../functions/release/outcome.ts';
import type { Span, Timeline, TimelineEvent, TimelineStep, Tone } from '../../functions/release/timeline.ts';
import { printable, visibleLength, type Style } from '../cli/style.ts';
import { fit } from '../watch/fit.ts';
import { toned, toneMark, wrap } from './lines.ts';

const reasonIndent = '      ';

/** A release as lines for a terminal of so many columns: how it ended, its way, each step with its verdict, who did what. */
export function releaseTimeline(timeline: Timeline, now: Date, columns: number, style: Style): string[] {
  const { release, build, verification, steps, events, toCome, start } = timeline;
  const { tone, badge, sentence } = outcomeOf(timeline);
  const nowMs = Math.max(0, now.getTime() - Date.parse(start));
  const head = `${style.strong(printable(release.service))} ${release.id}  ${toned(tone, badge, style)}`;
  return [
    fit(head, columns),
    ...wrap(sentence, columns),
    ...wrap(`on ${release.branch}, begun ${timeInWords(start)}`, columns).map(style.dim),
    '',
    phaseLine('build', build, nowMs, release.build.status.toLowerCase(), style),
    ...(verification
      ? [
          phaseLine('verify', verification, nowMs, release.verdict?.verdict ?? 'being probed', style),
          ...reasons(release.verdict?.reasons ?? [], columns, style),
        ]
      : []),
    ...steps.flatMap((step) => stepLines(step, nowMs, columns, style)),
    ...(toCome.length === 0
      ? []
      : [style.dim(`  · to come  ${toCome.map((percent) => `${percent} %`).join(', ')}`)]),
    ...(events.length === 0 ? [] : ['', ...events.flatMap((event) => eventLines(event, columns))]),
  ];
}

const took = ({ fromMs, untilMs }: Pick<Span, 'fromMs' | 'untilMs'>, nowMs: number): string =>
  untilMs === undefined
    ? `${durationInWords(nowMs - fromMs)} so far`
    : durationInWords(Math.max(0, untilMs - fromMs));

const phaseLine = (name: string, span: Span, nowMs: number, outcome: string, style: Style): string =>
  `  ${toneMark(span.tone, style)} ${name.padEnd(7)}  ${toned(span.tone, outcome, style)}, ${took(span, nowMs)}`;

const reasons = (texts: readonly string[], columns: number, style: Style): string[] =>
  texts.flatMap((reason) => wrap(reason, columns, reasonIndent)).map(style.dim);

/** `  ✓  25 %    █████░░░░░░░░░░░░░░░  healthy, 5 min 5 s` */
function stepLines(step: TimelineStep, nowMs: number, columns: number, style: Style): string[] {
  const { percent, tone, verdict, served, untilMs, bake } = step;
  const unjudged = served ? (untilMs === undefined ? 'being watched' : 'not judged') : 'asked for';
  // What it waits with is judged again and again: since when it has stood, beside the newest reasons below.
  const since = verdict && untilMs === undefined ? ` since ${timeInWords(verdict.at)}` : '';
  const told = `${toned(tone, verdict?.verdict ?? unjudged, style)}${since}, ${took(step, nowMs)}${bake ? ' (bake)' : ''}`;
  const name = `  ${toneMark(tone, style)} ${`${percent} %`.padStart(5)}    `;
  const bar = barOf(percent, tone, columns - visibleLength(name) - visibleLength(told) - 2, style);
  return [fit(`${name}${bar}${told}`, columns), ...reasons(verdict?.reasons ?? [], columns, style)];
}

/** None where there is no room for one that says something. */
function barOf(percent: number, tone: Tone, room: number, style: Style): string {
  const length = Math.min(20, room);
  if (length < 5) return '';
  const full = Math.max(1, Math.round((length * percent) / 100));
  return `${toned(tone, '█'.repeat(full), style)}${style.dim('░'.repeat(length - full))}  `;
}

function eventLines({ kind, at, by = 'slipway', why, percent }: TimelineEvent, columns: number): string[] {
  const did = {
    approved: `approved ${percent ?? 0} %`,
    promoted: 'promoted it to all traffic',
    withdrawn: 'withdrew it',
    'taken-over': 'took the traffic over',
    'rolled-back': 'rolled it back',
  }[kind];
  const [first = '', ...rest] = wrap(`${timeInWords(at)}  ${by} ${did}: ${why}`, columns, reasonIndent);
  return [`  ${first.trimStart()}`, ...rest];
}
