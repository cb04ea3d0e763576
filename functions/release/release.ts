import { z } from 'zod';
import { releasePolicy } from './policy.ts';

/** RFC 3339 in UTC. */
const time = z.string();

export const stages = [
  'building',
  'candidate',
  'verifying',
  'rolling-out',
  'live',
  'failed',
  'rolled-back',
  'superseded',
  'cancelled',
] as const;
const stage = z.enum(stages);
export type Stage = z.infer<typeof stage>;

/** Stages in which a release stays for good. `live` is not one: a live release is replaced or taken back one day. */
export const terminalStages: ReadonlySet<Stage> = new Set([
  'failed',
  'rolled-back',
  'superseded',
  'cancelled',
]);

/** Nothing more is to be done for the release by itself. */
export const isSettled = ({ stage: current }: { stage: Stage }): boolean =>
  current === 'live' || terminalStages.has(current);

/** Statuses of Cloud Build, and how far along each is: a build never goes back. */
export const buildRanks = {
  STATUS_UNKNOWN: 0,
  PENDING: 1,
  QUEUED: 2,
  WORKING: 3,
  SUCCESS: 4,
  FAILURE: 4,
  INTERNAL_ERROR: 4,
  TIMEOUT: 4,
  CANCELLED: 4,
  EXPIRED: 4,
} as const;
export type BuildStatus = keyof typeof buildRanks;
const buildStatus = z.enum(Object.keys(buildRanks) as [BuildStatus, ...BuildStatus[]]);

export const verdictSchema = z.object({
  verdict: z.enum(['healthy', 'unhealthy', 'inconclusive']),
  /** In words a person on call can read, with figures. */
  reasons: z.array(z.string()),
  at: time,
});
export type Verdict = z.infer<typeof verdictSchema>;

/** One probe of a candidate. */
export const probeSchema = z.object({
  at: time,
  latencyMs: z.number(),
  /**
   * `ok`, or what was wrong. `rate-limited` (429 of the service itself), `not-permitted` (401 and 403: we may not ask) and
   * `unreachable` (name or certificate: it is not the revision that fails) say nothing about its health.
   */
  outcome: z.enum([
    'ok',
    'rate-limited',
    'not-permitted',
    'unreachable',
    'wrong-status',
    'wrong-revision',
    'wrong-answer',
    'slow',
    'timeout',
    'refused',
    'closed-early',
  ]),
  /** What was asked when it was not the health path: `startup /ready`, `sse /stream`, `journey "post a message"`. */
  check: z.string().optional(),
  /** HTTP status, when there was an answer. */
  status: z.number().optional(),
  /** The revision that answered, when the answer says so (`x-revision`). */
  revision: z.string().optional(),
  /** What was expected and not found; never what the answer held. */
  detail: z.string().optional(),
});
export type Probe = z.infer<typeof probeSchema>;

const candidateSchema = z.object({
  revision: z.string(),
  /** `…@sha256:…`, as the revision was created with. */
  image: z.string(),
  /** The tag address; absent while Cloud Run has not given it out. */
  url: z.string().optional(),
  policy: releasePolicy,
});
export type Candidate = z.infer<typeof candidateSchema>;

/** A share of the traffic that the candidate was given, and what came of it. */
const stepSchema = z.object({
  percent: z.number(),
  askedAt: time,
  /** When Cloud Run really served it. */
  servingAt: time.optional(),
  /** The last word of verification on it; unhealthy is final. */
  verdict: verdictSchema.optional(),
});
export type ReleaseStep = z.infer<typeof stepSchema>;

/** Somebody's decision. */
const decision = z.object({ at: time, by: z.string(), why: z.string() });
export type Decision = z.infer<typeof decision>;

/** One release: one service, one build of one commit. */
export const releaseSchema = z.object({
  schemaVersion: z.literal(2),
  service: z.string(),
  id: z.string(),
  commit: z.string(),
  branch: z.string(),
  createdAt: time,
  /**
   * When its commit was pushed, as far as builds tell: the creation of this build if the commit was the head of its
   * branch, of the commit's first build if it was not. A rerun of an old commit stays old; a push back to it is new.
   */
  orderedAt: time,
  stage,
  build: z.object({
    id: z.string(),
    /** `projects/<number>/locations/<location>/builds/<id>` as Cloud Build names it. */
    name: z.string(),
    createTime: time,
    status: buildStatus,
    logUrl: z.string(),
    /** Digests of the images that the build pushed, once it has ended. */
    digests: z.array(z.string()),
    failure: z.string().optional(),
    /** When its end was noticed. */
    endedAt: time.optional(),
  }),
  /** The other services of which the same commit was built, once this build has ended. */
  siblings: z.array(z.string()).default([]),
  candidate: candidateSchema.optional(),
  /** Before any traffic. */
  verdict: verdictSchema.optional(),
  /** What verification saw last before that verdict, newest last; the report has them all. */
  probes: z.array(probeSchema).default([]),
  /** The shares of traffic that it was given; the last is the one it has. */
  steps: z.array(stepSchema).default([]),
  /** By percent: a person lets the candidate have so much. */
  approvals: z.array(decision.extend({ percent: z.number() })).default([]),
  /** A person gives it all traffic without waiting any longer. */
  promoted: decision.optional(),
  /** Another release of its set was taken back: so is this one. */
  withdrawn: z.object({ at: time, reason: z.string() }).optional(),
  history: z.array(z.object({ at: time, stage, reason: z.string(), by: z.string().optional() })),
});
export type Release = z.infer<typeof releaseSchema>;

/** Sorts the releases of a service: by when their commits were pushed, then by their builds. Later is newer. */
export const orderOf = ({ orderedAt, build, id }: Pick<Release, 'orderedAt' | 'build' | 'id'>): string =>
  `${orderedAt} ${build.createTime} ${id}`;

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
  /** A person does not want the automation frozen afterwards. */
  keepGoing: z.boolean().optional(),
});
export type RollbackRequest = z.infer<typeof rollbackRequestSchema>;

/** Why the automation of a service stands still. */
const frozenSchema = decision.extend({
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
  traffic: z.object({ asked: shares, before: z.array(shares), at: time, by: z.string() }).optional(),
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
