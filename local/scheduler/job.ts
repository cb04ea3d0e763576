import { z } from 'zod';
import { ApiError } from '../core/api-error.ts';

const duration = z.string().regex(/^\d+(\.\d{1,9})?s$/, "a duration such as '30s'");
const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'base64');

const pubsubTarget = z
  .strictObject({
    topicName: z.string().regex(/^projects\/[^/]+\/topics\/[^/]+$/, 'projects/<project>/topics/<topic>'),
    data: base64.optional(),
    attributes: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ data = '', attributes = {} }) => data !== '' || Object.keys(attributes).length > 0, {
    message: 'data or attributes must be set',
  });

const httpTarget = z.strictObject({
  uri: z.url({ protocol: /^https?$/ }),
  httpMethod: z.enum(['POST', 'GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: base64.optional(),
  oidcToken: z
    .strictObject({ serviceAccountEmail: z.string().min(1), audience: z.string().optional() })
    .optional(),
});

/** What a client may say about a job. */
const settingsSchema = z.strictObject({
  name: z.string().optional(),
  description: z.string().max(500).optional(),
  schedule: z.string().optional(),
  timeZone: z.string().optional(),
  pubsubTarget: pubsubTarget.optional(),
  httpTarget: httpTarget.optional(),
  retryConfig: z
    .strictObject({
      retryCount: z.int().min(0).max(5).optional(),
      maxRetryDuration: duration.optional(),
      minBackoffDuration: duration.optional(),
      maxBackoffDuration: duration.optional(),
      maxDoublings: z.int().min(0).optional(),
    })
    .optional(),
  attemptDeadline: duration.optional(),
});

export type JobSettings = Omit<z.infer<typeof settingsSchema>, 'name'>;
export type RetryConfig = NonNullable<JobSettings['retryConfig']>;
export type HttpTarget = NonNullable<JobSettings['httpTarget']>;

/** google.cloud.scheduler.v1.Job as JSON. */
export interface Job extends JobSettings {
  name: string;
  schedule: string;
  timeZone: string;
  state: 'ENABLED' | 'PAUSED';
  userUpdateTime: string;
  /** When it runs next; absent while paused. */
  scheduleTime?: string;
  lastAttemptTime?: string;
  /** Of the last attempt; empty when it went well. */
  status?: { code?: number; message?: string };
}

/** Fields that only the server sets: clients send them back with what they have read. */
const outputOnly = ['state', 'userUpdateTime', 'scheduleTime', 'lastAttemptTime', 'status', 'satisfiesPzs'];

/** The settings in a request's body; INVALID_ARGUMENT names what is wrong, UNIMPLEMENTED what is not there. */
export function readJobSettings(body: unknown): z.infer<typeof settingsSchema> {
  const given = Object.fromEntries(
    Object.entries(Object(body) as Record<string, unknown>).filter(
      ([name, value]) => !outputOnly.includes(name) && value !== null,
    ),
  );
  const http = given.httpTarget as { oauthToken?: unknown } | undefined;
  const unsupported =
    given.appEngineHttpTarget === undefined
      ? http?.oauthToken === undefined
        ? undefined
        : 'httpTarget.oauthToken'
      : 'appEngineHttpTarget';
  if (unsupported !== undefined)
    throw new ApiError('UNIMPLEMENTED', `'${unsupported}' of Cloud Scheduler is not part of the local cloud`);
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success)
    throw new ApiError('INVALID_ARGUMENT', `Invalid job: ${z.prettifyError(parsed.error)}`, {
      cause: parsed.error,
    });
  return parsed.data;
}
