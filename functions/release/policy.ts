import { z } from 'zod';

/** A path on a service. Google's front end keeps some paths that end in `z` (such as /healthz) to itself. */
const path = z
  .string()
  .regex(/^\/\S*$/, 'must be a path that starts with /')
  .refine(
    (value) => !value.endsWith('z'),
    'must not end in "z": Google\'s front end may answer such paths itself',
  );

const seconds = (minimum: number, maximum: number): z.ZodNumber => z.number().min(minimum).max(maximum);
const percent = z.number().int().min(1).max(100);
const status = z.number().int().min(100).max(599);

/** What an answer has to look like, beyond arriving. */
const expectation = {
  status: status.default(200),
  /** Header names to what their values have to contain, both regardless of case. */
  headers: z.record(z.string(), z.string()).default({}),
  /** Text that the body has to contain. */
  bodyIncludes: z.string().min(1).max(1000).optional(),
};

/** A connection that the service has to keep: opened, spoken to, and watched for a while. */
export const streamProbe = z.strictObject({
  protocol: z.enum(['sse', 'websocket']),
  path,
  /** Sent once the connection is open; WebSocket only. */
  send: z.string().max(10_000).optional(),
  firstMessageSeconds: seconds(0.1, 60).default(5),
  /** How long it must stay open after the first message. */
  openSeconds: seconds(0, 60).default(2),
});

/** What a user would do: requests in a row, each with what its answer has to be. */
export const journey = z.strictObject({
  name: z.string().min(1).max(60),
  steps: z
    .array(
      z.strictObject({
        method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
        path,
        headers: z.record(z.string(), z.string()).default({}),
        body: z.string().max(10_000).optional(),
        expect: z.strictObject(expectation).prefault({}),
      }),
    )
    .min(1)
    .max(20),
});

/** How a candidate has to answer before it may get traffic, and as long as its release is under way. */
export const healthPolicy = z
  .strictObject({
    path: path.default('/health'),
    /** Asked first, until it answers as the health path has to: for services that are long in starting. */
    startupPath: path.optional(),
    ...expectation,
    /** A slower answer is no good answer. */
    latencyMs: z.number().int().min(1).max(60_000).optional(),
    consecutiveSuccesses: z.number().int().min(1).max(100).default(3),
    /** So many bad answers in a row, once the candidate has traffic, take it back. */
    consecutiveFailures: z.number().int().min(1).max(100).default(3),
    intervalSeconds: seconds(0.1, 60).default(1),
    timeoutSeconds: seconds(0.1, 60).default(5),
    /** From the first probe to the last of the first run of consecutive successes. */
    deadlineSeconds: seconds(1, 480).default(60),
    /** From the first success on the candidate must go on answering this long. */
    watchSeconds: seconds(0, 480).default(30),
    streams: z.array(streamProbe).max(10).default([]),
    journeys: z.array(journey).max(10).default([]),
  })
  .refine(
    ({ deadlineSeconds, watchSeconds, intervalSeconds, timeoutSeconds }) =>
      deadlineSeconds + watchSeconds + intervalSeconds + timeoutSeconds <= 450,
    {
      message:
        'deadlineSeconds + watchSeconds + intervalSeconds + timeoutSeconds must not exceed 450: an event function may run for 540 seconds, with all that comes before and after',
    },
  );

/** How the candidate's answers are compared with the stable revision's. */
export const metricsPolicy = z.strictObject({
  /** Chance that a release that is no worse is taken back, over the whole release and however often it is looked at. */
  falseAlarmRate: z.number().min(0.0001).max(0.2).default(0.01),
  /** Chance that one that is `notWorseRatio` times worse is called healthy. */
  missRate: z.number().min(0.0001).max(0.5).default(0.05),
  /** The candidate may have so many times the bad answers before it counts as worse. */
  toleratedErrorRatio: z.number().min(1).max(10).default(1),
  /** Healthy is who is surely better than this many times the bad answers. */
  notWorseRatio: z.number().min(1.1).max(100).default(3),
  /** The candidate may be so many times slower before it counts as worse: its instances are young. */
  toleratedSlowdown: z.number().min(1).max(10).default(1.1),
  /** Share of bad answers that is tolerated whatever the stable revision does. */
  errorBudget: z.number().min(0.00001).max(0.5).default(0.01),
  /** Slower answers are slow ones, whatever the stable revision does. */
  latencyBudgetMs: z.number().int().min(1).max(60_000).optional(),
  /** Judge and write it down, but do not act on it. Probes still do. */
  dryRun: z.boolean().default(false),
});

/** One share of the traffic, and how long the candidate stays at it. */
export const step = z
  .strictObject({
    percent: percent.max(99),
    /** However good it looks. */
    atLeastSeconds: seconds(0, 86_400),
    /** Until then there is enough to judge by, or `onInconclusive` says what happens. */
    atMostSeconds: seconds(1, 604_800),
  })
  .refine(({ atLeastSeconds, atMostSeconds }) => atLeastSeconds <= atMostSeconds, {
    message: 'atLeastSeconds must not exceed atMostSeconds',
  });

export const inconclusiveActions = ['wait', 'promote', 'roll-back', 'ask'] as const;

/** How traffic moves to a verified candidate. Complete: presets are resolved where `pipeline.yaml` is read. */
export const rolloutPolicy = z.strictObject({
  steps: z
    .array(step)
    .max(20)
    .refine((steps) => steps.every(({ percent: share }, index) => share > (steps[index - 1]?.percent ?? 0)), {
      message: 'each step must have more percent than the one before',
    }),
  /** How long it is watched at 100 % before it counts as live. */
  bakeSeconds: seconds(0, 604_800),
  /** What happens when a step's time is up and there is still not enough to judge by. */
  onInconclusive: z.enum(inconclusiveActions),
  /** Percents that a person has to approve before the candidate gets them. */
  approve: z.array(percent).max(21),
  metrics: metricsPolicy,
});

/** What of the database a release needs, and whether the step to it can be undone. */
export const schemaPolicy = z.strictObject({
  /** Raised with each change of the schema. */
  version: z.number().int().min(0).default(0),
  /** False: no release of an earlier version may serve again once this one had traffic. */
  reversible: z.boolean().default(true),
});

/** What a commit declared about its own release; it travels with the revision. */
export const releasePolicy = z.strictObject({
  health: healthPolicy,
  rollout: rolloutPolicy,
  schema: schemaPolicy.prefault({}),
  /** The services that go out together, in this order, and come back in the reverse one. Empty: it goes alone. */
  releaseSet: z.array(z.string()).default([]),
  /** Whether anybody may call the service once a release of it has all traffic. */
  public: z.boolean(),
});

export type HealthPolicy = z.infer<typeof healthPolicy>;
export type StreamProbe = z.infer<typeof streamProbe>;
export type Journey = z.infer<typeof journey>;
export type MetricsPolicy = z.infer<typeof metricsPolicy>;
export type RolloutPolicy = z.infer<typeof rolloutPolicy>;
export type ReleasePolicy = z.infer<typeof releasePolicy>;
export type Step = z.infer<typeof step>;

/** The revision annotation that carries the policy as JSON. */
export const policyAnnotation = 'slipway.dev/policy';
