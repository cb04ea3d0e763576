import { durationInWords } from '../../functions/release/duration.ts';
import type { Verdict } from '../../functions/release/release.ts';
import { printable, table, type Style } from '../cli/style.ts';
import { wrap } from '../status/lines.ts';
import { placeOf, type Comparison, type Recorded } from './compare.ts';
import type { End, Phase } from './replay.ts';

const indent = '    ';
/** A longer name has no place above a column. */
const longestHead = 30;

/** The comparison for a terminal of so many columns; `tried` names the policy. */
export function comparisonLines(
  { happened, had, tried, unknown }: Comparison,
  name: string,
  columns: number,
  style: Style,
): string[] {
  const percents = [...new Set([...happened, ...tried.phases].map(({ percent }) => percent ?? 0))].sort(
    (a, b) => a - b,
  );
  const at = <T extends { readonly percent: number | undefined }>(
    all: readonly T[],
    percent: number,
  ): T | undefined => all.find((each) => (each.percent ?? 0) === percent);
  const rows = percents.map((percent) => [
    `  ${placeOf(percent === 0 ? undefined : percent)}`,
    recordedCell(at(happened, percent), style),
    replayedCell(at(had, percent), style),
    replayedCell(at(tried.phases, percent), style),
  ]);
  const head = name.length > longestHead ? 'the other policy' : name;
  const why = tried.phases.flatMap(({ percent, reasons }) =>
    reasons.length === 0
      ? []
      : [
          `  ${placeOf(percent)}`,
          ...reasons.flatMap((reason) => wrap(reason, columns, indent)).map(style.dim),
        ],
  );
  return [
    ...table([['', 'what happened', 'its policy, replayed', head].map(style.strong), ...rows]),
    '',
    ...wrap(`Under ${name}: ${endInWords(tried.end)}.`, columns),
    ...why,
    ...(unknown.length === 0 ? [] : ['', 'What cannot be known:']),
    ...unknown.flatMap((text) => {
      const [first = '', ...rest] = wrap(text, columns, indent);
      return [`  - ${first.trimStart()}`, ...rest];
    }),
  ];
}

function word(verdict: Verdict['verdict'], style: Style): string {
  return { healthy: style.good, unhealthy: style.bad, inconclusive: style.busy }[verdict](verdict);
}

function recordedCell(recorded: Recorded | undefined, style: Style): string {
  if (!recorded) return style.dim('no such step');
  const { verdict, tookMs } = recorded;
  if (!verdict || tookMs === undefined) return 'not judged';
  return `${word(verdict.verdict, style)} after ${durationInWords(tookMs)}`;
}

function replayedCell(phase: Phase | undefined, style: Style): string {
  if (!phase) return style.dim('—');
  const took = durationInWords(phase.untilMs - phase.fromMs);
  return phase.verdict ? `${word(phase.verdict, style)} after ${took}` : `open after ${took}`;
}

function endInWords(end: End): string {
  switch (end.kind) {
    case 'live':
      return 'it would have gone live';
    case 'failed':
      return 'it would have got no traffic';
    case 'taken-back':
      return 'it would have been taken back';
    case 'waits':
      return `it would have waited for ${printable(end.for)}`;
    case 'unknown':
      return `not known: ${printable(end.why)}`;
    default:
      return end satisfies never;
  }
}
