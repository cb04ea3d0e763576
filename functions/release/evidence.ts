import { z } from 'zod';
import { probeSchema } from './release.ts';

const answers = z.object({ total: z.number(), errors: z.number(), latency: z.array(z.number()) });

/** What both sides answered at the same time. Buckets of `latency` as in `functions/verdict/latency-bounds.ts`. */
const stretch = z.object({
  from: z.string(),
  to: z.string(),
  candidate: answers,
  stable: answers.optional(),
});
export type EvidenceStretch = z.infer<typeof stretch>;

/** All that verification has seen of a release: what its verdicts rest on, and what another policy can be tried on. */
export const evidenceSchema = z.object({
  schemaVersion: z.literal(1),
  /** Oldest first. */
  probes: z.array(probeSchema),
  stretches: z.array(stretch),
});
export type Evidence = z.infer<typeof evidenceSchema>;

export const noEvidence: Evidence = { schemaVersion: 1, probes: [], stretches: [] };

const maxProbes = 1_000;
const maxStretches = 240;

type Answers = z.infer<typeof answers>;

const sum = (a: Answers, b: Answers): Answers => ({
  total: a.total + b.total,
  errors: a.errors + b.errors,
  latency: a.latency.map((count, bucket) => count + (b.latency[bucket] ?? 0)),
});

/** Two neighbours as one, where both or neither had a stable side to be compared with. */
function joined(a: EvidenceStretch, b: EvidenceStretch): EvidenceStretch | undefined {
  if ((a.stable === undefined) !== (b.stable === undefined)) return undefined;
  const candidate = sum(a.candidate, b.candidate);
  if (!a.stable || !b.stable) return { from: a.from, to: b.to, candidate };
  return { from: a.from, to: b.to, candidate, stable: sum(a.stable, b.stable) };
}

/** The stretches in half as many, neighbours joined: what is long past needs no fine grain. */
function coarser(stretches: readonly EvidenceStretch[]): EvidenceStretch[] {
  const result: EvidenceStretch[] = [];
  let open: EvidenceStretch | undefined;
  for (const next of stretches) {
    const both = open && joined(open, next);
    if (open && !both) result.push(open);
    if (both) result.push(both);
    open = both ? undefined : next;
  }
  return open ? [...result, open] : result;
}

/** The evidence with more of it; the oldest probes go and old stretches are joined, so that it stays small. */
export function withMore(
  { probes, stretches }: Evidence,
  more: {
    readonly probes?: readonly z.infer<typeof probeSchema>[];
    readonly stretches?: readonly EvidenceStretch[];
  },
): Evidence {
  // The same list where there is nothing new in it: what was worked out from it still holds.
  const all = more.stretches ? [...stretches, ...more.stretches] : stretches;
  const half = maxStretches / 2;
  return {
    schemaVersion: 1,
    probes: [...probes, ...(more.probes ?? [])].slice(-maxProbes),
    stretches: all.length > maxStretches ? [...coarser(all.slice(0, half)), ...all.slice(half)] : all,
  };
}
