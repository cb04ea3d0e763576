import { isSettled, orderOf, type Release, type Stage, type Verdict } from './release.ts';
import type { Frozen, ServiceRecord } from './service-record.ts';
import { percentsToCome, stuckOf, waitingFor, type Waiting } from './waiting.ts';

/** How well something went, for a colour. */
export type Tone = 'good' | 'bad' | 'unsure' | 'busy' | 'neutral';

/** Times are milliseconds since the release began, which is when its build was created. */
export interface Span {
  readonly fromMs: number;
  /** Undefined while it lasts. */
  readonly untilMs: number | undefined;
  readonly tone: Tone;
}

export interface TimelineStep extends Span {
  readonly percent: number;
  /** When the traffic was asked for; `fromMs` is when it was served, or this as long as it is not. */
  readonly askedMs: number;
  readonly served: boolean;
  readonly verdict: Verdict | undefined;
  /** The end of the step; at 100 % that is the bake. */
  readonly bake: boolean;
}

/** What a person or another release did to it. */
export interface TimelineEvent {
  readonly atMs: number;
  readonly at: string;
  readonly kind: 'approved' | 'promoted' | 'withdrawn' | 'taken-over' | 'rolled-back';
  readonly percent: number | undefined;
  readonly by: string | undefined;
  readonly why: string;
}

export interface TimelineEnd {
  readonly atMs: number;
  readonly at: string;
  readonly stage: Stage;
  readonly reason: string;
  readonly by: string | undefined;
}

/** All there is to tell of a release, in the order of time. It depends on the records alone, not on the clock. */
export interface Timeline {
  readonly release: Release;
  /** RFC 3339; every other time counts from here. */
  readonly start: string;
  /** The last thing that is written down. */
  readonly lastMs: number;
  readonly build: Span;
  readonly candidateMs: number | undefined;
  readonly verification: Span | undefined;
  readonly steps: readonly TimelineStep[];
  readonly events: readonly TimelineEvent[];
  /** When it had come through everything; it may have ended since. */
  readonly liveMs: number | undefined;
  /** Terminal: nothing comes after it. */
  readonly end: TimelineEnd | undefined;
  /** The percents that are still to come, while it is under way. */
  readonly toCome: readonly number[];
  readonly waiting: Waiting | undefined;
  readonly frozen: Frozen | undefined;
  /** Why it could not be taken back. */
  readonly stuck: string | undefined;
  /** The service had no release before it. */
  readonly first: boolean;
  /** Where the traffic went when it was taken back, as far as the service's record still tells. */
  readonly backTo: string | undefined;
}

const toneOf = (verdict: Verdict | undefined): Tone | undefined =>
  verdict && ({ healthy: 'good', unhealthy: 'bad', inconclusive: 'unsure' } as const)[verdict.verdict];

/** The timeline of a release; `record` is its service's. */
export function timelineOf(release: Release, record: ServiceRecord): Timeline {
  const begun = Date.parse(release.build.createTime);
  const start = Number.isNaN(begun) ? Date.parse(release.createdAt) : begun;
  const since = (time: string): number => Math.max(0, Date.parse(time) - start);
  const entered = (stage: Stage): number | undefined => {
    const entry = release.history.find((each) => each.stage === stage);
    return entry && since(entry.at);
  };

  const end = endOf(release, since);
  const liveMs = entered('live');
  const steps = stepsOf(release, since, liveMs ?? end?.atMs);
  const events = eventsOf(release, since);
  const { verdict, candidate } = release;
  const probedMs = entered('verifying') ?? entered('candidate');
  const times = [
    since(release.createdAt),
    ...release.history.map(({ at }) => since(at)),
    ...(release.build.endedAt === undefined ? [] : [since(release.build.endedAt)]),
    ...(verdict ? [since(verdict.at)] : []),
    ...steps.flatMap(({ askedMs, fromMs, verdict: word }) => [
      askedMs,
      fromMs,
      ...(word ? [since(word.at)] : []),
    ]),
    ...events.map(({ atMs }) => atMs),
  ];
  return {
    release,
    start: new Date(start).toISOString(),
    lastMs: Math.max(...times),
    build: buildOf(release, since, end),
    candidateMs: entered('candidate'),
    verification:
      candidate && probedMs !== undefined
        ? {
            fromMs: probedMs,
            untilMs: verdict ? since(verdict.at) : end?.atMs,
            tone: toneOf(verdict) ?? (end ? 'neutral' : 'busy'),
          }
        : undefined,
    steps,
    events,
    liveMs,
    end,
    toCome: end || release.withdrawn ? [] : percentsToCome(release, record),
    waiting: waitingFor(release, record),
    frozen: isSettled(release) ? undefined : record.frozen,
    stuck: stuckOf(release, record),
    first: isFirst(release, record),
    backTo: release.stage === 'rolled-back' ? backTo(release, record) : undefined,
  };
}

function endOf(release: Release, since: (time: string) => number): TimelineEnd | undefined {
  if (!isSettled(release) || release.stage === 'live') return undefined;
  const last = release.history.findLast(({ stage }) => stage === release.stage);
  if (!last) return undefined;
  return { atMs: since(last.at), at: last.at, stage: last.stage, reason: last.reason, by: last.by };
}

function buildOf(
  { build, stage, createdAt }: Release,
  since: (time: string) => number,
  end: TimelineEnd | undefined,
): Span {
  const untilMs = build.endedAt === undefined ? undefined : since(build.endedAt);
  switch (build.status) {
    case 'SUCCESS':
      return { fromMs: 0, untilMs: untilMs ?? since(createdAt), tone: 'good' };
    case 'STATUS_UNKNOWN':
    case 'PENDING':
    case 'QUEUED':
    case 'WORKING':
      return { fromMs: 0, untilMs: end?.atMs, tone: end ? 'neutral' : 'busy' };
    case 'CANCELLED':
      return { fromMs: 0, untilMs: untilMs ?? end?.atMs, tone: 'neutral' };
    case 'FAILURE':
    case 'INTERNAL_ERROR':
    case 'TIMEOUT':
    case 'EXPIRED':
      return { fromMs: 0, untilMs: untilMs ?? end?.atMs, tone: stage === 'cancelled' ? 'neutral' : 'bad' };
    default:
      return build.status satisfies never;
  }
}

function stepsOf(
  release: Release,
  since: (time: string) => number,
  ended: number | undefined,
): TimelineStep[] {
  return release.steps.map((step, index) => {
    const next = release.steps[index + 1];
    const untilMs = next ? since(next.askedAt) : ended;
    const tone = toneOf(step.verdict) ?? (next || release.stage === 'live' ? 'neutral' : lastTone(release));
    return {
      percent: step.percent,
      askedMs: since(step.askedAt),
      fromMs: since(step.servingAt ?? step.askedAt),
      served: step.servingAt !== undefined,
      untilMs,
      tone,
      verdict: step.verdict,
      bake: step.percent === 100,
    };
  });
}

/** Of a step on which verification has not said a word. */
function lastTone({ stage, withdrawn, history }: Release): Tone {
  if (withdrawn) return 'bad';
  if (stage === 'rolling-out') return 'busy';
  return stage === 'rolled-back' && !history.some((entry) => entry.stage === 'live') ? 'bad' : 'neutral';
}

function eventsOf(release: Release, since: (time: string) => number): TimelineEvent[] {
  const { approvals, promoted, withdrawn, history } = release;
  const event = (
    kind: TimelineEvent['kind'],
    { at, by, why }: { at: string; by?: string | undefined; why: string },
    percent?: number,
  ): TimelineEvent => ({ kind, at, atMs: since(at), by, why, percent });
  const byPeople = history.flatMap(({ at, stage, reason, by }) => {
    if (by === undefined || (stage !== 'rolled-back' && stage !== 'cancelled')) return [];
    return [event(stage === 'cancelled' ? 'taken-over' : 'rolled-back', { at, by, why: reason })];
  });
  return [
    ...approvals.map((approval) => event('approved', approval, approval.percent)),
    ...(promoted ? [event('promoted', promoted)] : []),
    ...(withdrawn ? [event('withdrawn', { at: withdrawn.at, why: withdrawn.reason })] : []),
    ...byPeople,
  ].sort((a, b) => a.atMs - b.atMs);
}

/** It went to everybody at once although its policy has steps, and nobody said so. */
function isFirst({ steps, promoted, candidate, stage }: Release, { stable }: ServiceRecord): boolean {
  const [step] = steps;
  if (!step) return stable === undefined && !isSettled({ stage });
  return step.percent === 100 && !promoted && (candidate?.policy.rollout.steps.length ?? 0) > 0;
}

/** A newer release that serves today is not where the traffic went then. */
function backTo(release: Release, { stable, previousGood }: ServiceRecord): string | undefined {
  const older = [stable, previousGood].find(
    (serving) => serving && serving.release !== release.id && serving.order < orderOf(release),
  );
  return older?.revision;
}
