import { describe, expect, test } from '@jest/globals';
import { rolloutPresets } from '../../../functions/release/rollout-presets.ts';
import { changedPolicy } from '../../../scripts/judge/changed-policy.ts';
import { policy } from './seen-release.ts';

describe('a policy with changes', () => {
  test.each([
    ['nothing', {}, {}],
    ['a preset', { preset: 'careful' }, { rollout: rolloutPresets.careful }],
    [
      'a number',
      { settings: ['rollout.metrics.errorBudget=0.02'] },
      { rollout: { metrics: { errorBudget: 0.02 } } },
    ],
    ['a key of health', { settings: ['health.latencyMs=300'] }, { health: { latencyMs: 300 } }],
    [
      'a list',
      { settings: ['rollout.steps=[{percent: 10, atLeastSeconds: 1, atMostSeconds: 2}]'] },
      { rollout: { steps: [{ percent: 10, atLeastSeconds: 1, atMostSeconds: 2 }] } },
    ],
    [
      'a place in a list',
      { settings: ['rollout.steps.1.percent=60'] },
      { rollout: { steps: [{ percent: 10 }, { percent: 60 }] } },
    ],
    [
      'settings on top of a preset, the last one winning',
      { preset: 'instant', settings: ['rollout.bakeSeconds=5', 'rollout.bakeSeconds=6'] },
      { rollout: { steps: [], bakeSeconds: 6 } },
    ],
  ])('%s', (_, change: { preset?: string; settings?: string[] }, expected) => {
    const { preset, settings = [] } = change;
    expect(changedPolicy(policy(), { preset, settings })).toMatchObject(expected);
  });

  test.each([
    [{ preset: 'bold' }, /no preset "bold"; known: instant, canary, careful/],
    [{ settings: ['errorBudget=0.02'] }, /must be a key of health or rollout/],
    [{ settings: ['rollout.metrics.errorBudget'] }, /must be a key of health or rollout/],
    [{ settings: ['rollout.metrics.budget=0.02'] }, /Unrecognized key: "budget"/],
    [{ settings: ['rollout.metrics.errorBudget=2'] }, /errorBudget/],
    [
      { settings: ['rollout.metrics.toleratedErrorRatio=5'] },
      /toleratedErrorRatio must be less than notWorseRatio/,
    ],
    [{ settings: ['rollout.steps.7.percent=60'] }, /"7" is no place in a list of 2/],
    [{ settings: ['rollout.steps=['] }, /--set rollout.steps=\[/],
    [{ settings: ['rollout.__proto__.bakeSeconds=1'] }, /no policy/],
  ])('%j is refused', (change: { preset?: string; settings?: string[] }, says) => {
    const { preset, settings = [] } = change;
    expect(() => changedPolicy(policy(), { preset, settings })).toThrow(says);
  });
});
