import { spendable } from './spendable.ts';

/** How many answers without a bad one show that their rate is below `budget`, but for a chance of `error`. */
export function answersNeeded(budget: number, error: number): number {
  let answers = 1;
  while ((1 - budget) ** answers > error * spendable(answers * budget)) answers += 1;
  return answers;
}

/**
 * About how many bad answers of both sides together show that the candidate's odds are below `ratio` times stable's when
 * they are in truth the same and the candidate gives the share `share` of the answers: the information of each event
 * against the evidence that the error asks for.
 */
export function badAnswersNeeded(share: number, ratio: number, error: number): number {
  const refuted = (ratio * share) / (ratio * share + 1 - share);
  const information = share * Math.log(share / refuted) + (1 - share) * Math.log((1 - share) / (1 - refuted));
  return Math.ceil(Math.log(2 / error) / information);
}
