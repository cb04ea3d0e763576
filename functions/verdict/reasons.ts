import { answersNeeded, badAnswersNeeded } from './answers-needed.ts';
import type { CountFigures } from './figures.ts';
import { missesOf } from './judge-count.ts';
import type { MetricsPolicy } from './metrics-policy.ts';

const twoDigits = (value: number): string => String(Number(value.toPrecision(2)));
const percent = (share: number): string => `${twoDigits(share * 100)} %`;

function facts({ candidate, stable, was }: CountFigures): string {
  if (candidate.total === 0) return `no answers of the candidate to see whether they ${was}`;
  const ours = `${candidate.bad} of ${candidate.total} answers of the candidate ${was} (${percent(candidate.bad / candidate.total)})`;
  if (stable.total === 0) return ours;
  return `${ours}, ${stable.bad} of ${stable.total} of stable's (${percent(stable.bad / stable.total)})`;
}

function needed({ candidate, stable, alone }: CountFigures, policy: MetricsPolicy): string {
  const misses = missesOf(policy.missRate);
  const answers = `${alone.total} answers of about ${answersNeeded(alone.limit, misses.below)} needed if all are good`;
  if (stable.total === 0 || candidate.total === 0) return answers;
  const share = candidate.total / (candidate.total + stable.total);
  const bad = badAnswersNeeded(share, policy.notWorseRatio, misses.better);
  return `${answers}, or ${candidate.bad + stable.bad} bad ones of both sides of about ${bad} needed to compare`;
}

function odds({ ratio: { least, most } }: CountFigures): string {
  if (least !== undefined && most !== undefined)
    return `the odds are ${twoDigits(least)} to ${twoDigits(most)} times stable's`;
  if (least !== undefined) return `the odds are more than ${twoDigits(least)} times stable's`;
  if (most !== undefined) return `the odds are less than ${twoDigits(most)} times stable's`;
  return 'too little to say how the odds compare';
}

/** What a person on call needs to know of one count, in one sentence. */
export function reasonOf(figures: CountFigures, policy: MetricsPolicy): string {
  const { state, was, alone } = figures;
  const limit = percent(alone.limit);
  const alarm = `a good release is taken back at most ${percent(policy.falseAlarmRate)} of the time`;
  const miss = `a bad release is let through at most ${percent(policy.missRate)} of the time`;
  switch (state) {
    case 'worse':
      return `Worse than stable: ${facts(figures)}; ${odds(figures)}, and ${alarm}.`;
    case 'above limit':
      return `Over the budget of ${limit}, with no stable side to compare with: ${facts(figures)}; ${alarm}.`;
    case 'both bad':
      return `Over the budget of ${limit}, but not shown to be worse than stable, so the cause may be what both depend on: ${facts(figures)}; ${odds(figures)}.`;
    case 'not worse':
      return `Not worse than stable: ${facts(figures)}; ${odds(figures)}, and ${miss}.`;
    case 'within limit':
      return `Surely below ${limit}: ${alone.bad} of ${alone.total} answers of the candidate ${alone.was} (${percent(alone.bad / alone.total)}); ${miss}.`;
    case 'not judged':
      return `Not judged whether answers ${was}: there is no stable side to compare with.`;
    case 'open':
      return `Not clear yet: ${facts(figures)}; ${needed(figures, policy)}.`;
  }
}
