import { writeGateOutcome, writeSkippedGate } from '../gate-outcome.ts';
import type { CheckedGate } from './finding.ts';

/** Notes for `results` how a check ended; a skipped one is neither passed nor failed. `folder`: the root of the checkout. */
export const noteOutcome = (folder: string, { name, seconds, outcome }: CheckedGate): Promise<void> =>
  outcome.kind === 'skipped'
    ? writeSkippedGate(folder, name, outcome.why, seconds)
    : writeGateOutcome(folder, name, outcome.kind === 'passed' ? 0 : 1, seconds);
