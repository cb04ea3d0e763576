import { z } from 'zod';
import { ApiError } from '../core/api-error.ts';

/** google.monitoring.v3.AlertPolicy as JSON, as far as the local cloud has it. */
export interface AlertPolicy {
  name: string;
  displayName: string;
  userLabels: Record<string, string>;
  conditions: { name: string; displayName: string; conditionMatchedLog: { filter: string } }[];
  enabled: boolean;
  notificationChannels: string[];
  alertStrategy: { notificationRateLimit: { period: string }; autoClose?: string };
  severity?: string;
  combiner?: string;
  documentation?: object;
  creationRecord?: { mutateTime: string };
  mutationRecord?: { mutateTime: string };
}

/** `300s`, as proto3 JSON writes a Duration, in milliseconds. */
export const durationMs = (text: string): number => Number(text.slice(0, -1)) * 1000;

const seconds = (least: number, most: number, words: string): z.ZodType<string> =>
  z.string().refine((text) => durationMs(text) >= least * 1000 && durationMs(text) <= most * 1000, {
    message: `must be from ${words}`,
  });

/** https://cloud.google.com/logging/docs/alerting/log-based-alerts */
const alertStrategy = z.looseObject({
  notificationRateLimit: z.object({ period: z.string() }),
  autoClose: seconds(30 * 60, 7 * 24 * 3600, '30 min to 7 d').optional(),
});

const labelText = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;

const policySchema = z.looseObject({
  displayName: z.string().min(1, 'is required').max(512),
  userLabels: z
    .record(z.string().regex(/^[a-z]/, 'must begin with a letter'), z.string().regex(labelText))
    .default({}),
  conditions: z
    .array(
      z.looseObject({
        displayName: z.string().min(1, 'is required'),
        conditionMatchedLog: z.object({ filter: z.string().min(1, 'is required') }),
      }),
    )
    .length(1, 'a policy about log entries has one condition'),
  combiner: z.string({ error: 'is required' }),
  enabled: z.boolean().default(true),
  notificationChannels: z
    .array(z.string().regex(/^projects\/[^/]+\/notificationChannels\/[^/]+$/))
    .max(16)
    .default([]),
  alertStrategy,
});

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

/**
 * A policy as it was sent, checked and with its defaults; `name` is the one it has or gets. UNIMPLEMENTED for conditions on
 * metrics, which nothing here evaluates.
 */
export function readPolicy(given: object, name: string): AlertPolicy {
  const { conditions = [] } = given as { conditions?: object[] };
  for (const condition of conditions) {
    const kind = Object.keys(condition).find((key) => key.startsWith('condition'));
    if (kind !== undefined && kind !== 'conditionMatchedLog')
      throw new ApiError('UNIMPLEMENTED', `${kind}: only conditionMatchedLog is part of the local cloud`);
    const { labelExtractors } = (condition as { conditionMatchedLog?: { labelExtractors?: object } })
      .conditionMatchedLog ?? { labelExtractors: undefined };
    if (Object.keys(labelExtractors ?? {}).length > 0)
      throw new ApiError('UNIMPLEMENTED', 'label_extractors: not part of the local cloud');
  }
  const parsed = policySchema.safeParse(given);
  if (!parsed.success)
    throw invalid(`Field alert_policy had an invalid value: ${z.prettifyError(parsed.error)}`);
  const { alertStrategy: strategy, conditions: checked, ...rest } = parsed.data;
  const { autoClose, notificationRateLimit } = strategy;
  return {
    ...rest,
    name,
    conditions: checked.map((condition, index) => ({
      ...condition,
      name: typeof condition.name === 'string' ? condition.name : `${name}/conditions/${index + 1}`,
    })),
    alertStrategy: { notificationRateLimit, ...(autoClose === undefined ? {} : { autoClose }) },
  };
}
