import type { RolloutPolicy } from '../../functions/release/policy.ts';
import { rolloutPresets } from '../../functions/release/rollout-presets.ts';
import type { RolloutConfig } from './rollout-schema.ts';

/** The policy that travels with a revision: what is written, and for the rest what the preset gives. */
export function resolveRollout({ preset, ...written }: RolloutConfig): RolloutPolicy {
  const { steps, bakeSeconds, onInconclusive } = rolloutPresets[preset];
  return {
    steps: written.steps ?? [...steps],
    bakeSeconds: written.bakeSeconds ?? bakeSeconds,
    onInconclusive: written.onInconclusive ?? onInconclusive,
    approve: written.approve,
    metrics: written.metrics,
  };
}
