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

/** How a candidate has to answer before it may get traffic. */
export const healthPolicy = z
  .strictObject({
    path: path.default('/health'),
    status: z.number().int().min(100).max(599).default(200),
    consecutiveSuccesses: z.number().int().min(1).max(100).default(3),
    intervalSeconds: seconds(0.1, 60).default(1),
    timeoutSeconds: seconds(0.1, 60).default(5),
    /** From the first probe to the last of the first run of consecutive successes. */
    deadlineSeconds: seconds(1, 480).default(60),
    /** From the first success on the candidate must go on answering this long. */
    watchSeconds: seconds(0, 480).default(30),
  })
  .refine(
    ({ deadlineSeconds, watchSeconds, intervalSeconds, timeoutSeconds }) =>
      deadlineSeconds + watchSeconds + intervalSeconds + timeoutSeconds <= 500,
    {
      message:
        'deadlineSeconds + watchSeconds + intervalSeconds + timeoutSeconds must not exceed 500: an event function may run for 540 seconds',
    },
  );

export const rolloutPolicy = z.strictObject({
  /** All traffic in one change once the candidate is verified. */
  strategy: z.literal('all-at-once').default('all-at-once'),
});

/** What a commit declared about its own release; it travels with the revision. */
export const releasePolicy = z.strictObject({
  health: healthPolicy,
  rollout: rolloutPolicy,
  /** Whether anybody may call the service once a release of it is live. */
  public: z.boolean(),
});

export type HealthPolicy = z.infer<typeof healthPolicy>;
export type ReleasePolicy = z.infer<typeof releasePolicy>;

/** The revision annotation that carries the policy as JSON. */
export const policyAnnotation = 'slipway.dev/policy';
