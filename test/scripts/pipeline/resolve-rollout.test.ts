import { describe, expect, test } from '@jest/globals';
import { releasePolicy } from '../../../functions/release/policy.ts';
import { rolloutPresets } from '../../../functions/release/rollout-presets.ts';
import { loadPipeline } from '../../../scripts/pipeline/load.ts';
import { policyOf } from '../../../scripts/pipeline/pipeline.ts';
import { resolveRollout } from '../../../scripts/pipeline/resolve-rollout.ts';
import { rollout } from '../../../scripts/pipeline/rollout-schema.ts';

const { instant, canary, careful } = rolloutPresets;
const steps = [{ percent: 20, atLeastSeconds: 2, atMostSeconds: 5 }];

describe('resolveRollout', () => {
  test.each([
    ['nothing written: canary', {}, canary],
    ['the preset instant', { preset: 'instant' }, instant],
    ['the preset careful', { preset: 'careful' }, careful],
    ['steps of its own', { preset: 'careful', steps }, { ...careful, steps }],
    ['no steps in a preset that has some', { steps: [] }, { ...canary, steps: [] }],
    ['steps in a preset that has none', { preset: 'instant', steps }, { ...instant, steps }],
    ['no time to bake', { bakeSeconds: 0 }, { ...canary, bakeSeconds: 0 }],
    [
      'another answer to too little',
      { onInconclusive: 'roll-back' },
      { ...canary, onInconclusive: 'roll-back' },
    ],
    ['a person at 25 % and at the end', { approve: [25, 100] }, { ...canary, approve: [25, 100] }],
    [
      'one figure of the metrics',
      { metrics: { errorBudget: 0.05 } },
      { ...canary, metrics: { errorBudget: 0.05 } },
    ],
  ])('%s', (_, written, expected) => {
    const defaults = { approve: [], metrics: { falseAlarmRate: 0.01, dryRun: false } };
    expect(resolveRollout(rollout.parse(written))).toMatchObject(
      'metrics' in expected
        ? { ...defaults, ...expected, metrics: { ...defaults.metrics, ...expected.metrics } }
        : { ...defaults, ...expected },
    );
  });

  test('leaves no trace of the preset: what travels is complete by itself', () => {
    const resolved = resolveRollout(rollout.parse({}));
    expect(releasePolicy.shape.rollout.parse(resolved)).toEqual(resolved);
  });
});

describe('the policy of a release in an environment', () => {
  const text = `project: slipway-board
region: europe-west1
repository: slipway/board
environments:
  production:
    services:
      api: { rollout: { approve: [50], metrics: { dryRun: true } }, schema: { reversible: false } }
  local:
    defaults:
      health: { journeys: [], headers: { x-b: two } }
      rollout:
        steps: [{ percent: 20, atLeastSeconds: 2, atMostSeconds: 5 }]
        onInconclusive: promote
services:
  api:
    folder: services/api
    health:
      headers: { x-a: one }
      streams: [{ protocol: sse, path: /events }]
      journeys: [{ name: read, steps: [{ path: /messages }] }]
    rollout: { preset: careful, metrics: { errorBudget: 0.05 } }
    schema: { version: 3 }
`;
  test.each([
    [
      'production',
      {
        rollout: { ...careful, approve: [50], metrics: { errorBudget: 0.05, dryRun: true, missRate: 0.05 } },
        schema: { version: 3, reversible: false },
        health: {
          headers: { 'x-a': 'one' },
          streams: [{ protocol: 'sse', path: '/events', firstMessageSeconds: 5, openSeconds: 2 }],
          journeys: [
            {
              name: 'read',
              steps: [
                { method: 'GET', path: '/messages', headers: {}, expect: { status: 200, headers: {} } },
              ],
            },
          ],
        },
      },
    ],
    [
      'local',
      {
        rollout: { steps, bakeSeconds: careful.bakeSeconds, onInconclusive: 'promote', approve: [] },
        schema: { version: 3, reversible: true },
        health: { headers: { 'x-a': 'one', 'x-b': 'two' }, streams: [{ path: '/events' }], journeys: [] },
      },
    ],
  ])('%s', (environment, expected) => {
    const loaded = loadPipeline(text, { file: 'pipeline.yaml', environment });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const { api } = loaded.pipeline.services;
    if (api === undefined) throw new Error('api is missing');
    expect(policyOf(loaded.pipeline, 'api', api)).toMatchObject(expected);
  });
});
