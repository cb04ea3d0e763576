import { timeInWords } from '../release/duration.ts';
import { statusContext } from '../release/naming.ts';
import { waitingInWords, watchInWords } from '../release/outcome.ts';
import type { Release, Verdict } from '../release/release.ts';
import type { ServiceRecord } from '../release/service-record.ts';
import type { DesiredStatus } from '../release/statuses.ts';
import { commands, stuckOf, waitingFor, type Waiting } from '../release/waiting.ts';

type Part = Pick<DesiredStatus, 'state' | 'description' | 'rank'>;

/*
 * Ranks only grow while a release goes its way, so a late message cannot bring an earlier state back. What may change to
 * and fro, such as a freeze, has the rank of the step it is in; there the tick puts right what came late. No description
 * names a time that passes: the same record says the same, and is posted once.
 */
const ranks = {
  verifying: 1,
  undecided: 2,
  letThrough: 3,
  verified: 4,
  beforeTraffic: 5,
  step: (index: number): number => 10 * (index + 1),
  live: 1000,
  comingBack: 1001,
  stuck: 1002,
  ended: 1003,
} as const;

function verification(release: Release): Part | undefined {
  const { stage, candidate, verdict, approvals, promoted, steps, service } = release;
  if (verdict) {
    const [reason = ''] = verdict.reasons;
    switch (verdict.verdict) {
      case 'healthy':
        return { state: 'success', description: `Healthy: ${reason}`, rank: ranks.verified };
      case 'unhealthy':
        return { state: 'failure', description: `Unhealthy: ${reason}`, rank: ranks.verified };
      case 'inconclusive': {
        const person = promoted ?? approvals.at(0);
        if (person || steps.length > 0) {
          const by = person ? ` by ${person.by}` : '';
          return {
            state: 'success',
            description: `Let through${by}, inconclusive: ${reason}`,
            rank: ranks.letThrough,
          };
        }
        return stage === 'verifying'
          ? {
              state: 'pending',
              description: `Inconclusive, a person decides (${commands.approve(service)}): ${reason}`,
              rank: ranks.undecided,
            }
          : { state: 'error', description: `Inconclusive: ${reason}`, rank: ranks.verified };
      }
      default:
        return verdict.verdict satisfies never;
    }
  }
  if (!candidate) return undefined;
  if (stage === 'candidate' || stage === 'verifying')
    return { state: 'pending', description: `Verifying ${candidate.revision}`, rank: ranks.verifying };
  // The build ended badly while its candidate was being verified.
  const ended = release.history.at(-1)?.reason ?? stage;
  return { state: 'error', description: `Not verified: ${ended}`, rank: ranks.verified };
}

/** It has been live, and is to be taken back. */
export const isComingBack = ({ stage, withdrawn }: Release): boolean =>
  stage === 'live' && withdrawn !== undefined;

function rollout(release: Release, record: ServiceRecord): Part | undefined {
  const { stage, steps, service, withdrawn, verdict, candidate, history } = release;
  const last = history.at(-1);
  const reason = last?.reason ?? '';
  const percent = steps.at(-1)?.percent ?? 0;
  const ended = (state: Part['state'], description: string): Part => ({
    state,
    description,
    rank: ranks.ended,
  });
  const live: Part = {
    state: 'success',
    description: `Live: ${candidate?.revision ?? ''} serves 100 %`,
    rank: ranks.live,
  };
  const stuck = stuckOf(release, record);
  switch (stage) {
    case 'building':
    case 'candidate':
      return undefined;
    case 'verifying': {
      const waiting = waitingFor(release, record);
      return (
        waiting && {
          state: 'pending',
          description: waitingInWords(service, waiting),
          rank: ranks.beforeTraffic,
        }
      );
    }
    case 'rolling-out':
      return withTraffic(release, record);
    case 'live':
      if (stuck !== undefined)
        return { state: 'failure', description: `Not taken back: ${stuck}`, rank: ranks.stuck };
      return withdrawn
        ? { state: 'pending', description: `Being taken back: ${withdrawn.reason}`, rank: ranks.comingBack }
        : live;
    case 'failed':
      // Healthy, and yet not to be served: the verification's status alone would look like a success.
      return verdict && verdict.verdict !== 'unhealthy'
        ? ended('failure', `Not rolled out: ${reason}`)
        : undefined;
    case 'rolled-back': {
      const wasLive = history.some((entry) => entry.stage === 'live');
      const by = last?.by === undefined ? '' : ` by ${last.by}`;
      return ended('failure', `Rolled back${wasLive ? '' : ` from ${percent} %`}${by}: ${reason}`);
    }
    case 'superseded':
      // One that was live keeps saying so, though it may have had no chance to until now; one that never was says why not.
      if (history.some((entry) => entry.stage === 'live')) return { ...live, rank: ranks.ended };
      return ended(
        'success',
        percent > 0 ? `Stopped at ${percent} %: ${reason}` : `Not rolled out: ${reason}`,
      );
    case 'cancelled':
      if (percent > 0)
        return ended('error', `Taken over at ${percent} % by ${last?.by ?? 'somebody'}: ${reason}`);
      // As above; and it may have said already what it waits for.
      return verdict ? ended('error', `Not rolled out: ${reason}`) : undefined;
    default:
      return stage satisfies never;
  }
}

/** One description a step: GitHub takes a thousand for a context. */
function withTraffic(release: Release, record: ServiceRecord): Part {
  const { steps, service, withdrawn } = release;
  const step = steps.at(-1);
  const rank = ranks.step(steps.length - 1);
  const bad =
    withdrawn?.reason ??
    (step?.verdict?.verdict === 'unhealthy' ? step.verdict.reasons.join('; ') : undefined);
  if (bad !== undefined) {
    const percent = step?.percent ?? 0;
    const stuck = stuckOf(release, record);
    if (stuck !== undefined)
      return { state: 'failure', description: `Not taken back from ${percent} %: ${stuck}`, rank: rank + 1 };
    const description = record.frozen
      ? `Bad, and keeps ${percent} % while frozen by ${record.frozen.by} (${commands.rollBack(service)}): ${bad}`
      : `Being taken back from ${percent} %: ${bad}`;
    return { state: 'pending', description, rank: rank + 1 };
  }
  const waiting = waitingFor(release, record);
  if (waiting)
    return {
      state: 'pending',
      description: withWhatIsKnown(waiting, waitingInWords(service, waiting), step?.verdict),
      rank,
    };
  return {
    state: 'pending',
    description: `${step?.percent ?? 0} % of the traffic, watched for ${watchInWords(release)}`,
    rank,
  };
}

/**
 * What the record knows by now of a step that waits because too little is known: since when, and the newest figures. The
 * first reason is about its probes, which are no news; the next is about its answers.
 */
function withWhatIsKnown(waiting: Waiting, words: string, verdict: Verdict | undefined): string {
  if (verdict?.verdict !== 'inconclusive') return words;
  const [probed = '', answered = probed] = verdict.reasons;
  const since = timeInWords(verdict.at).replace(/:\d\d UTC$/, ' UTC');
  switch (waiting.kind) {
    case 'evidence':
      return `${waiting.percent} % of the traffic, inconclusive since ${since}: ${answered}`;
    case 'approval':
      return `${words}; inconclusive since ${since}: ${answered}`;
    case 'frozen':
    case 'set':
      return words;
    default:
      return waiting satisfies never;
  }
}

/** The GitHub statuses of a release beyond its build: verification and rollout. `record` is its service's. */
export function describeRelease(release: Release, record: ServiceRecord, reportUrl: string): DesiredStatus[] {
  const parts = [
    { stage: 'verify', part: verification(release) },
    { stage: 'rollout', part: rollout(release, record) },
  ] as const;
  return parts.flatMap(({ stage, part }) =>
    part
      ? [
          {
            ...part,
            context: statusContext(release.service, stage),
            targetUrl: release.verdict ? reportUrl : release.build.logUrl,
            buildCreateTime: release.build.createTime,
          },
        ]
      : [],
  );
}
