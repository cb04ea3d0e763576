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
  outcome: z.enum(['ok', 'rate-limited', 'wrong-status', 'wrong-revision', 'timeout', 'refused']),
  /** HTTP status, when there was an answer. */
  status: z.number().optional(),
  /** The revision that answered, when the answer says so (`x-revision`). */
  revision: z.string().optional(),
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

/** One release: one service, one build of one commit. */
export const releaseSchema = z.object({
  schemaVersion: z.literal(1),
  service: z.string(),
  id: z.string(),
  commit: z.string(),
  branch: z.string(),
  createdAt: time,
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
  candidate: candidateSchema.optional(),
  verdict: verdictSchema.optional(),
  /** What verification saw last, newest last; the report has them all. */
  probes: z.array(probeSchema).default([]),
  traffic: z
    .array(z.object({ at: time, percent: z.number(), revision: z.string(), reason: z.string() }))
    .default([]),
  history: z.array(z.object({ at: time, stage, reason: z.string(), by: z.string().optional() })),
});
export type Release = z.infer<typeof releaseSchema>;

const servingSchema = z.object({
  release: z.string(),
  revision: z.string(),
  image: z.string(),
  commit: z.string(),
  buildCreateTime: time,
  since: time,
});
export type Serving = z.infer<typeof servingSchema>;

/** What a service serves, and what it was told to do. */
export const serviceSchema = z.object({
  schemaVersion: z.literal(1),
  service: z.string(),
  stable: servingSchema.optional(),
  previousGood: servingSchema.optional(),
  /** The release that is being given the traffic: of two at once the newer build's goes on. */
  rollingOut: z.object({ release: z.string(), buildCreateTime: time }).optional(),
  /** When a person last took the traffic back: what was being built or verified then does not take it again. */
  rolledBackAt: time.optional(),
  /** Set by a person; taken back to undefined once the traffic has followed. */
  rollbackRequest: z.object({ revision: z.string(), by: z.string(), why: z.string(), at: time }).optional(),
  /** What people did, newest last. */
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

export const newServiceRecord = (service: string): ServiceRecord => ({ schemaVersion: 1, service, log: [] });
