import { z } from 'zod';
import { metricsPolicy, rolloutPolicy, schemaPolicy, step } from '../../functions/release/policy.ts';
import { rolloutPresets, type RolloutPreset } from '../../functions/release/rollout-presets.ts';

// `rollout` and `schema` as a team writes them. resolve-rollout.ts fills in what a preset gives.

const presets = Object.keys(rolloutPresets) as [RolloutPreset, ...RolloutPreset[]];
const { shape: rolloutShape } = rolloutPolicy;
const { shape: metricsShape } = metricsPolicy;
const { shape: stepShape } = step;

const metrics = metricsPolicy
  .safeExtend({
    falseAlarmRate: metricsShape.falseAlarmRate.describe(
      'Chance that a release that is no worse is taken back, over the whole release and however often it is looked at.',
    ),
    missRate: metricsShape.missRate.describe(
      'Chance that a release with notWorseRatio times the bad answers is called healthy.',
    ),
    toleratedErrorRatio: metricsShape.toleratedErrorRatio.describe(
      "So many times the stable revision's bad answers are still no reason to take a candidate back.",
    ),
    notWorseRatio: metricsShape.notWorseRatio.describe(
      'A candidate is healthy once it is sure to have less than this many times the bad answers.',
    ),
    toleratedSlowdown: metricsShape.toleratedSlowdown.describe(
      'So many times slower than the stable revision is still no reason to take a candidate back: its instances are young.',
    ),
    errorBudget: metricsShape.errorBudget.describe(
      'Share of bad answers that is tolerated whatever the stable revision does.',
    ),
    latencyBudgetMs: metricsShape.latencyBudgetMs.describe(
      'Slower answers are slow ones, whatever the stable revision does.',
    ),
    dryRun: metricsShape.dryRun.describe('Judge by metrics and write it down, but act on probes only.'),
  })
  .refine(({ toleratedErrorRatio, notWorseRatio }) => toleratedErrorRatio < notWorseRatio, {
    message:
      'toleratedErrorRatio must be less than notWorseRatio, or a candidate could be both healthy and unhealthy',
  });

const described = step.safeExtend({
  percent: stepShape.percent.describe('Share of the traffic.'),
  atLeastSeconds: stepShape.atLeastSeconds.describe('Time at this share, however good it looks.'),
  atMostSeconds: stepShape.atMostSeconds.describe(
    'Until then there is enough to judge by, or onInconclusive says what happens.',
  ),
});

/** How traffic moves to a verified candidate; what is left out comes from the preset. */
export const rollout = z.strictObject({
  preset: z.enum(presets).default('canary').describe('Where what is not written here comes from.'),
  steps: z
    .array(described)
    .max(20)
    .refine((steps) => steps.every(({ percent }, index) => percent > (steps[index - 1]?.percent ?? 0)), {
      message: 'each step must have more percent than the one before',
    })
    .optional()
    .describe('Shares of the traffic, growing; after the last comes all of it. An empty list: all at once.'),
  bakeSeconds: rolloutShape.bakeSeconds
    .optional()
    .describe('How long a candidate is watched with all traffic before it counts as live.'),
  onInconclusive: rolloutShape.onInconclusive
    .optional()
    .describe("What happens when a step's time is up and there is not enough to judge by."),
  approve: rolloutShape.approve
    .default([])
    .describe('Percents, of the steps or 100, that a person has to approve before the candidate gets them.'),
  metrics: metrics
    .prefault({})
    .describe("How a candidate's answers are compared with the stable revision's."),
});

/** What of the database a release needs. */
export const databaseSchema = schemaPolicy
  .safeExtend({
    version: schemaPolicy.shape.version.describe("Raised with each change of the database's schema."),
    reversible: schemaPolicy.shape.reversible.describe(
      'false: no release with an earlier version may serve again once this one had traffic.',
    ),
  })
  .refine(({ version, reversible }) => reversible || version > 0, {
    message: 'reversible: false needs a version of at least 1, for no version is earlier than 0',
  });

export type RolloutConfig = z.output<typeof rollout>;
