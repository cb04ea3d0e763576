import type { Timeline, TimelineEvent, Tone } from '../timeline.ts';

export interface Moment {
  readonly atMs: number;
  readonly text: string;
  readonly tone: Tone;
}

/** What deserves a word at its moment, the most important first: how it ended, then people, then verdicts. */
export function momentsOf(timeline: Timeline): Moment[] {
  const { release, end, liveMs, lastMs, waiting, backTo, events, steps } = timeline;
  const moments: Moment[] = [];
  if (end) {
    const by = end.by === undefined ? '' : ` by ${end.by}`;
    const to = backTo === undefined ? '' : ` to ${backTo.slice(release.service.length + 1)}`;
    switch (end.stage) {
      case 'failed':
        moments.push({ atMs: end.atMs, text: 'failed', tone: 'bad' });
        break;
      case 'rolled-back':
        moments.push({ atMs: end.atMs, text: `rolled back${to}${by}`, tone: 'bad' });
        break;
      case 'superseded':
        moments.push({
          atMs: end.atMs,
          text: liveMs === undefined ? 'superseded' : 'replaced',
          tone: 'neutral',
        });
        break;
      case 'cancelled':
        moments.push({
          atMs: end.atMs,
          text: steps.length > 0 ? `taken over${by}` : 'cancelled',
          tone: steps.length > 0 ? 'unsure' : 'neutral',
        });
        break;
      case 'building':
      case 'candidate':
      case 'verifying':
      case 'rolling-out':
      case 'live':
        break;
      default:
        end.stage satisfies never;
    }
  }
  if (waiting) {
    const text = {
      frozen: `frozen by ${waiting.kind === 'frozen' ? waiting.frozen.by : ''}`,
      approval: `${waiting.kind === 'approval' ? waiting.percent : 0} % waits for approval`,
      set: `waits for ${waiting.kind === 'set' ? waiting.services.join(' and ') : ''}`,
      evidence: 'waits for more evidence',
    }[waiting.kind];
    moments.push({ atMs: lastMs, text, tone: 'unsure' });
  }
  if (liveMs !== undefined) moments.push({ atMs: liveMs, text: 'live', tone: 'good' });
  moments.push(...events.flatMap(eventMoment));
  moments.push(...verdictMoments(timeline));
  return moments;
}

function eventMoment({ kind, percent, by = 'slipway', atMs }: TimelineEvent): Moment[] {
  switch (kind) {
    case 'approved':
      return [{ atMs, text: `${percent ?? 0} % approved by ${by}`, tone: 'good' }];
    case 'promoted':
      return [{ atMs, text: `promoted by ${by}`, tone: 'good' }];
    case 'withdrawn':
      return [{ atMs, text: 'withdrawn', tone: 'bad' }];
    // They are the end, which has its own mark.
    case 'taken-over':
    case 'rolled-back':
      return [];
    default:
      return kind satisfies never;
  }
}

/** A healthy one goes without saying: the colour of its step says so. */
function verdictMoments({ release, start, steps }: Timeline): Moment[] {
  const at = (time: string): number => Math.max(0, Date.parse(time) - Date.parse(start));
  const { verdict } = release;
  return [
    ...(verdict && verdict.verdict !== 'healthy' ? [{ ...verdict, where: 'before traffic' }] : []),
    ...steps.flatMap(({ verdict: word, percent }) =>
      word && word.verdict !== 'healthy' ? [{ ...word, where: `at ${percent} %` }] : [],
    ),
  ].map(({ verdict: word, where, at: time }) => ({
    atMs: at(time),
    text: `${word} ${where}`,
    tone: word === 'unhealthy' ? ('bad' as const) : ('unsure' as const),
  }));
}
