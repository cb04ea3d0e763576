import type { BuildStep } from './build-types.ts';
import { startAtOnce } from './step-rules.ts';

/** For each step the indices of the steps that must have succeeded before it starts. */
export function stepDependencies(steps: readonly BuildStep[]): readonly (readonly number[])[] {
  return steps.map(({ waitFor = [] }, index) => {
    if (waitFor.length === 0) return steps.slice(0, index).map((_, earlier) => earlier);
    return waitFor.filter((id) => id !== startAtOnce).map((id) => steps.findIndex((step) => step.id === id));
  });
}
