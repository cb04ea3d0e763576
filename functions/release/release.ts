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
export const decisionSchema = z.object({ at: time, by: z.string(), why: z.string() });
export type Decision = z.infer<typeof decisionSchema>;

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
  approvals: z.array(decisionSchema.extend({ percent: z.number() })).default([]),
  /** A person gives it all traffic without waiting any longer. */
  promoted: decisionSchema.optional(),
  /** Another release of its set was taken back: so is this one. */
  withdrawn: z.object({ at: time, reason: z.string() }).optional(),
  history: z.array(z.object({ at: time, stage, reason: z.string(), by: z.string().optional() })),
});
export type Release = z.infer<typeof releaseSchema>;

/** Sorts the releases of a service: by when their commits were pushed, then by their builds. Later is newer. */
export const orderOf = ({ orderedAt, build, id }: Pick<Release, 'orderedAt' | 'build' | 'id'>): string =>
  `${orderedAt} ${build.createTime} ${id}`;
