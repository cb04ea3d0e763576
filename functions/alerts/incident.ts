import { z } from 'zod';
import { decodeJson, type Decoded, type PubSubMessage } from '../platform/pubsub-event.ts';

/** An incident of an alert policy, as far as releases need it. */
export interface Incident {
  readonly id: string;
  readonly state: 'open' | 'closed';
  /** RFC 3339. */
  readonly startedAt: string;
  /** The policy's display name; its id is not part of the payload. */
  readonly policy: string;
  readonly summary: string;
  /** The policy has the user label `slipway: rollback`. */
  readonly asksForRollback: boolean;
  /** What it is about; absent for an alert on no resource. */
  readonly resource?: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
}

export type Alert =
  | { readonly kind: 'incident'; readonly incident: Incident }
  /** Somebody has tried out the notification channel. */
  | { readonly kind: 'channel-test' };

/** By this user label a policy says that its alerts take a release back although they name no revision. */
export const rollbackLabel = { key: 'slipway', value: 'rollback' } as const;

/** The summary goes into records and reports, and may name every label of a metric. */
const maxSummaryLength = 500;

const shortened = (text: string): string =>
  text.length > maxSummaryLength ? `${text.slice(0, maxSummaryLength - 1)}…` : text;

/** Empty is as good as absent. */
const text = z
  .string()
  .nullish()
  .transform((given) => (given === '' ? undefined : (given ?? undefined)));

const envelope = z.object({ version: z.string() });

const incident = z.object({
  incident_id: z.string().min(1).max(200),
  state: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['open', 'closed'])),
  /** Seconds since the epoch. */
  started_at: z.coerce.number().positive().max(8_000_000_000),
  policy_name: text,
  condition_name: text,
  summary: text,
  policy_user_labels: z.record(z.string(), z.string()).nullish(),
  resource: z.object({ type: z.string(), labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

const payload = z.object({ incident }).transform(({ incident: given }): Alert => {
  const policy = given.policy_name ?? given.condition_name ?? given.incident_id;
  return {
    kind: 'incident',
    incident: {
      id: given.incident_id,
      state: given.state,
      startedAt: new Date(given.started_at * 1000).toISOString(),
      policy,
      summary: shortened(given.summary ?? 'without a summary'),
      asksForRollback: given.policy_user_labels?.[rollbackLabel.key] === rollbackLabel.value,
      ...(given.resource
        ? { resource: { type: given.resource.type, labels: given.resource.labels ?? {} } }
        : {}),
    },
  };
});

/** Reads what a Pub/Sub notification channel sends. https://cloud.google.com/monitoring/support/notification-options#pubsub */
export function decodeAlert(message: PubSubMessage): Decoded<Alert> {
  const outer = decodeJson(message, envelope);
  if (!outer.ok) return outer;
  const { version } = outer.value;
  // Of another shape altogether: its times are zero, its documentation a text.
  if (version.toLowerCase() === 'test') return { ok: true, value: { kind: 'channel-test' } };
  if (!version.startsWith('1.'))
    return { ok: false, reason: `version ${version} of the incident payload is not known here, only 1.x` };
  return decodeJson(message, payload);
}
