import { durationInWords } from './duration.ts';
import type { Release, ReleaseStep } from './release.ts';
import type { Timeline, Tone } from './timeline.ts';
import { commands, type Waiting } from './waiting.ts';

/** What became of a release: one word or two for a badge, and a sentence. */
export interface Outcome {
  readonly tone: Tone;
  readonly badge: string;
  readonly sentence: string;
}

/** What is waited for, and what a person can do about it. */
export function waitingInWords(service: string, waiting: Waiting): string {
  switch (waiting.kind) {
    case 'frozen':
      return `Frozen by ${waiting.frozen.by} (${commands.letGo(service)}): ${waiting.frozen.why}`;
    case 'approval':
      return `Waiting for approval of ${waiting.percent} %: ${commands.approve(service)}`;
    case 'set':
      return `Waiting for ${waiting.services.join(' and ')} of the same commit, with which it goes out`;
    case 'evidence':
      return `${waiting.percent} % of the traffic, until there is enough to judge by`;
    default:
      return waiting satisfies never;
  }
}

const lastPercent = ({ steps }: Release): number => steps.at(-1)?.percent ?? 0;

/** What became of the release, or how far it is. */
export function outcomeOf(timeline: Timeline): Outcome {
  const { release, end, liveMs, waiting, first } = timeline;
  const revision = release.candidate?.revision ?? release.id;
  switch (release.stage) {
    case 'building':
      return { tone: 'busy', badge: 'building', sentence: `Its build runs (${release.build.status})` };
    case 'candidate':
      return { tone: 'busy', badge: 'candidate', sentence: `${revision} was created and waits to be probed` };
    case 'verifying':
    case 'rolling-out':
      return underWay(timeline, waiting);
    case 'live': {
      const since = `serves all traffic, ${durationInWords(liveMs ?? 0)} after its build began`;
      return {
        tone: 'good',
        badge: 'live',
        sentence: `${revision} ${since}${first ? '; it is the first of its service' : ''}`,
      };
    }
    case 'failed':
      return { tone: 'bad', badge: 'failed', sentence: failedSentence(timeline) };
    case 'rolled-back':
      return { tone: 'bad', badge: 'rolled back', sentence: rolledBackSentence(timeline) };
    case 'superseded':
      return {
        tone: 'neutral',
        badge: liveMs === undefined ? 'superseded' : 'replaced',
        sentence: superseded(timeline),
      };
    case 'cancelled': {
      const reason = end?.reason ?? 'cancelled';
      const taken = release.steps.length > 0;
      return {
        tone: taken ? 'unsure' : 'neutral',
        badge: taken ? 'taken over' : 'cancelled',
        sentence: taken
          ? `Taken over at ${lastPercent(release)} %${byWhom(end?.by)}: ${reason}`
          : `Cancelled: ${reason}`,
      };
    }
    default:
      return release.stage satisfies never;
  }
}

const byWhom = (by: string | undefined): string => (by === undefined ? '' : ` by ${by}`);

function underWay({ release, frozen, stuck }: Timeline, waiting: Waiting | undefined): Outcome {
  const { service, withdrawn, verdict, candidate, steps } = release;
  const step = steps.at(-1);
  const bad =
    withdrawn?.reason ??
    (step?.verdict?.verdict === 'unhealthy' ? step.verdict.reasons.join('; ') : undefined);
  if (bad !== undefined) {
    const from = step ? ` from ${step.percent} %` : '';
    if (stuck !== undefined)
      return { tone: 'bad', badge: 'not taken back', sentence: `Not taken back${from}: ${stuck}` };
    if (frozen)
      return {
        tone: 'bad',
        badge: 'frozen',
        sentence: `Bad, and not taken back${from} while its service is frozen by ${frozen.by} (${frozen.why}): ${bad}`,
      };
    return { tone: 'bad', badge: 'coming back', sentence: `Being taken back${from}: ${bad}` };
  }
  if (waiting) {
    const badge = waiting.kind === 'frozen' ? 'frozen' : 'waiting';
    const tone = waiting.kind === 'set' ? 'busy' : 'unsure';
    return { tone, badge, sentence: waitingInWords(service, waiting) };
  }
  if (step)
    return {
      tone: 'busy',
      badge: `${step.percent} %`,
      sentence: `${candidate?.revision ?? ''} ${stepInWords(release, step)}`,
    };
  const sentence = verdict
    ? `Verified as ${verdict.verdict}; traffic comes once its build has passed`
    : `${candidate?.revision ?? ''} is being probed, without traffic`;
  return { tone: 'busy', badge: 'verifying', sentence };
}

/** How long the policy watches the step that the release is at: `5 min to 20 min`, `10 min`. */
export function watchInWords({ steps, candidate }: Release): string {
  const { steps: planned = [], bakeSeconds = 0 } = candidate?.policy.rollout ?? {};
  const percent = steps.at(-1)?.percent;
  const plan = planned.find((step) => step.percent === percent);
  const words = (seconds: number): string => durationInWords(seconds * 1000);
  return plan ? `${words(plan.atLeastSeconds)} to ${words(plan.atMostSeconds)}` : words(bakeSeconds);
}

function stepInWords(release: Release, { percent, servingAt }: ReleaseStep): string {
  if (servingAt === undefined) return `is being given ${percent} % of the traffic`;
  return `has ${percent} % of the traffic, watched for ${watchInWords(release)}`;
}

function failedSentence({ release, end }: Timeline): string {
  const reason = end?.reason ?? 'failed';
  if (release.build.status !== 'SUCCESS' && release.build.status !== 'WORKING')
    return `Its build failed: ${reason}`;
  if (release.verdict?.verdict === 'healthy') return `Not rolled out: ${reason}`;
  return release.verdict
    ? `Not healthy enough for any traffic: ${release.verdict.reasons.join('; ')}`
    : reason;
}

function rolledBackSentence({ release, end, steps, liveMs, backTo }: Timeline): string {
  const { atMs = 0, reason = '', by } = end ?? {};
  const served = steps.find((step) => step.served);
  const hadTraffic = served ? ` after ${durationInWords(atMs - served.fromMs)} with traffic` : '';
  const from =
    liveMs === undefined
      ? `Taken back from ${lastPercent(release)} %${hadTraffic}`
      : `Taken back when it had been live for ${durationInWords(atMs - liveMs)}`;
  const to = backTo === undefined || reason.includes(backTo) ? '' : `, to ${backTo}`;
  return `${from}${to}${byWhom(by)}: ${reason}`;
}

function superseded({ release, end, liveMs }: Timeline): string {
  const reason = end?.reason ?? '';
  if (liveMs !== undefined)
    return `Live for ${durationInWords((end?.atMs ?? liveMs) - liveMs)}, then: ${reason}`;
  return release.steps.length > 0
    ? `Stopped at ${lastPercent(release)} %: ${reason}`
    : `Not rolled out: ${reason}`;
}
