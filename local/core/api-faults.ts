import { z } from 'zod';
import { createRandom, type Random } from './random.ts';

const probability = z.number().min(0).max(1);

const pattern = z.string().refine(
  (source) => {
    try {
      new RegExp(source);
      return true;
    } catch {
      return false;
    }
  },
  { message: 'is no regular expression' },
);

/**
 * `refuse-…`: nothing is done, the answer is this status. `…-after-effect`: the request is carried out, but its answer
 * is a 500, or none: the connection is cut. `timeout-before`: nothing is done and the connection is cut.
 */
const fault = z.enum([
  ...(['refuse-409', 'refuse-429', 'refuse-500', 'refuse-503'] as const),
  ...(['error-after-effect', 'timeout-before', 'timeout-after-effect'] as const),
]);

const rule = z
  .strictObject({
    /** Every part that is given must fit. Paths come without the query, as they were sent. */
    match: z
      .strictObject({
        method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
        pathPrefix: z.string().startsWith('/').optional(),
        /** A regular expression, found anywhere in the path. */
        pathPattern: pattern.optional(),
      })
      .default({}),
    probability,
    fault: fault.optional(),
    /** The request is held back for a time between these bounds before anything else happens to it. */
    delayMs: z
      .tuple([z.number().min(0), z.number().min(0)])
      .refine(([min, max]) => min <= max, { message: 'the first bound is above the second' })
      .optional(),
    /** Sent as `retry-after` with a refusal; GitHub's 429 has 60 if nothing else is said. */
    retryAfterSeconds: z.int().min(0).optional(),
  })
  .refine((given) => given.fault !== undefined || given.delayMs !== undefined, {
    message: 'has neither fault nor delayMs',
  });

/** What `PUT /local/faults` takes: how requests to the APIs go wrong, all drawn from one seed. */
export const apiFaultSettingsSchema = z.strictObject({ seed: z.int(), rules: z.array(rule) });
export type ApiFaultSettings = z.output<typeof apiFaultSettingsSchema>;
export type ApiFault = z.output<typeof fault>;

/** What happens to one request. */
export interface Fate {
  readonly fault: ApiFault | undefined;
  readonly delayMs: number;
  readonly retryAfterSeconds: number | undefined;
}

/** How often a rule has fitted a request, and how often it has struck. */
export interface RuleCount {
  matched: number;
  struck: number;
}

export interface ApiFaultPlanner {
  /** Undefined when the request goes its normal way. */
  plan(method: string, path: string): Fate | undefined;
  /** By rule, in their order. */
  readonly counts: readonly Readonly<RuleCount>[];
}

/** The switch itself and the console are no APIs. */
const neverFaulty = /^\/(local|console)(\/|$)/;

/**
 * Plans faults request by request. The n-th request that a rule fits always meets the same fate under the same seed,
 * whatever other requests come in between: every rule has a stream of its own, and every request it fits takes two
 * draws of it. Of several rules that strike the first decides.
 */
export function createApiFaultPlanner({ seed, rules }: ApiFaultSettings): ApiFaultPlanner {
  const drawn = rules.map((each, index) => {
    const random: Random = createRandom(seed, `rule ${index}`);
    const count: RuleCount = { matched: 0, struck: 0 };
    const { method, pathPrefix = '', pathPattern = '' } = each.match;
    const expression = new RegExp(pathPattern);
    const fits = (asked: string, path: string): boolean =>
      (method === undefined || method === asked) && path.startsWith(pathPrefix) && expression.test(path);
    const draw = (): Fate | undefined => {
      const [strike, delay] = [random(), random()];
      count.matched += 1;
      if (strike >= each.probability) return undefined;
      count.struck += 1;
      const [minimumMs, maximumMs] = each.delayMs ?? [0, 0];
      return {
        fault: each.fault,
        delayMs: Math.round(minimumMs + delay * (maximumMs - minimumMs)),
        retryAfterSeconds: each.retryAfterSeconds,
      };
    };
    return { fits, draw, count };
  });
  return {
    counts: drawn.map(({ count }) => count),
    plan(method, path) {
      if (neverFaulty.test(path)) return undefined;
      // All of them draw, so that no rule's stream depends on what stands before it.
      return drawn.flatMap(({ fits, draw }) => (fits(method, path) ? (draw() ?? []) : []))[0];
    },
  };
}
