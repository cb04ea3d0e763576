import { z } from 'zod';
import { decisionSchema } from './release.ts';

/** RFC 3339 in UTC. */
const time = z.string();

const servingSchema = z.object({
  release: z.string(),
  revision: z.string(),
  image: z.string(),
  commit: z.string(),
  /** See `orderOf`. */
  order: z.string(),
  /** Of the database, as the release declared it. */
  schemaVersion: z.number(),
  since: time,
});
export type Serving = z.infer<typeof servingSchema>;

/** Percent by revision. */
const shares = z.array(z.object({ revision: z.string(), percent: z.number() }));
export type Shares = z.infer<typeof shares>;

const rollbackRequestSchema = z.object({
  revision: z.string(),
  /** A person, or `slipway` when the evidence asks for it. */
  by: z.string(),
  why: z.string(),
  at: time,
  /** Set when it is automatic: the release that is taken back. It is quarantined, and the next one is not held up. */
  release: z.string().optional(),
  /** A person knows that the schema of the target is too old, and wants it nevertheless. */
  overSchema: z.boolean().optional(),
  /** A person wants it although it may not answer: its health is not asked for. */
  overHealth: z.boolean().optional(),
  /** A person does not want the automation frozen afterwards. */
  keepGoing: z.boolean().optional(),
});
export type RollbackRequest = z.infer<typeof rollbackRequestSchema>;

/** Why the automation of a service stands still. */
const frozenSchema = decisionSchema.extend({
  /**
   * `person`: somebody asked for it; `rollback`: a person has rolled back; `takeover`: somebody changed the traffic beside
   * us; `irreversible`: going back would need a schema that is no more; `no-way-back`: nothing good is left to go to.
   */
  cause: z.enum(['person', 'rollback', 'takeover', 'irreversible', 'no-way-back']),
});
export type Frozen = z.infer<typeof frozenSchema>;

const quarantinedSchema = z.object({
  at: time,
  release: z.string(),
  commit: z.string(),
  /** `sha256:…` */
  digest: z.string(),
  reason: z.string(),
  /** Why it could not be taken back: it is left to people, and to a newer release. */
  stuck: z.string().optional(),
});
export type Quarantined = z.infer<typeof quarantinedSchema>;

/** What a service serves, and what it was told to do. */
export const serviceSchema = z.object({
  schemaVersion: z.literal(2),
  service: z.string(),
  stable: servingSchema.optional(),
  previousGood: servingSchema.optional(),
  /** The release that is being given the traffic: of two at once the newer commit's goes on. */
  rollingOut: z.object({ release: z.string(), order: z.string() }).optional(),
  /** What we last asked Cloud Run for, and what may still be the case until it is. Anything else is somebody else's doing. */
  traffic: z
    .object({
      asked: shares,
      before: z.array(shares),
      at: time,
      by: z.string(),
      /** What a deployment found in place of all that, and by whom, before it changed the service: for rollout to act on. */
      foreign: z.object({ shares, at: time, by: z.string() }).optional(),
    })
    .optional(),
  /** Nothing is rolled out, forward or back, until a person releases it. */
  frozen: frozenSchema.optional(),
  /** What was taken back automatically does not go out again. */
  quarantine: z.array(quarantinedSchema).default([]),
  /** The lowest schema that a revision may be made for: a release beyond it that cannot be undone has had traffic. */
  schemaFloor: z.object({ version: z.number(), release: z.string(), at: time }).optional(),
  /** When a person last took the traffic back: what was pushed before does not take it again. */
  rolledBackAt: time.optional(),
  /** Taken back to undefined once the traffic has followed. */
  rollbackRequest: rollbackRequestSchema.optional(),
  /** What was done beside the releases' own way, newest last. */
  log: z
    .array(
      z.object({
        at: time,
        what: z.string(),
        by: z.string(),
        why: z.string(),
        /** The rollback request (its `at`) that this is the outcome of. */
        request: z.string().optional(),
      }),
    )
    .default([]),
});
export type ServiceRecord = z.infer<typeof serviceSchema>;

/** Older entries are dropped: the record is read at each decision. */
export const maxLogEntries = 100;

export const newServiceRecord = (service: string): ServiceRecord => ({
  schemaVersion: 2,
  service,
  quarantine: [],
  log: [],
});
