import type { RolloutPolicy } from './policy.ts';

type Preset = Pick<RolloutPolicy, 'steps' | 'bakeSeconds' | 'onInconclusive'>;

const minutes = (count: number): number => count * 60;

/**
 * Ways of moving traffic, by name. The times are what production needs: built-in metrics arrive up to four minutes
 * late, and a service with a few hundred requests a minute needs some minutes at 5 % to show a tenfold error rate.
 */
export const rolloutPresets = {
  /** All at once after verification: for what nobody would miss for a minute. */
  instant: { steps: [], bakeSeconds: minutes(2), onInconclusive: 'promote' },
  /** The default: three steps, and on at the end of each if nothing speaks against it. */
  canary: {
    steps: [
      { percent: 5, atLeastSeconds: minutes(5), atMostSeconds: minutes(20) },
      { percent: 25, atLeastSeconds: minutes(5), atMostSeconds: minutes(20) },
      { percent: 50, atLeastSeconds: minutes(5), atMostSeconds: minutes(15) },
    ],
    bakeSeconds: minutes(10),
    onInconclusive: 'promote',
  },
  /** Smaller steps, longer looks, and a person where there is not enough to judge by. */
  careful: {
    steps: [
      { percent: 1, atLeastSeconds: minutes(10), atMostSeconds: minutes(60) },
      { percent: 5, atLeastSeconds: minutes(10), atMostSeconds: minutes(60) },
      { percent: 10, atLeastSeconds: minutes(10), atMostSeconds: minutes(60) },
      { percent: 25, atLeastSeconds: minutes(10), atMostSeconds: minutes(60) },
      { percent: 50, atLeastSeconds: minutes(10), atMostSeconds: minutes(60) },
    ],
    bakeSeconds: minutes(60),
    onInconclusive: 'ask',
  },
} as const satisfies Record<string, Preset>;

export type RolloutPreset = keyof typeof rolloutPresets;
