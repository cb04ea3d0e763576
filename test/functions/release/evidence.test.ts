import { describe, expect, test } from '@jest/globals';
import {
  evidenceSchema,
  noEvidence,
  withMore,
  type Evidence,
  type EvidenceStretch,
} from '../../../functions/release/evidence.ts';

const second = (number: number): string => new Date(number * 1000).toISOString();
const answers = (total: number) => ({ total, errors: total % 3, latency: [total, 1, 2] });
/** The `number`th stretch of five seconds. */
const stretch = (number: number, compared = true): EvidenceStretch => ({
  from: second(number * 5),
  to: second(number * 5 + 5),
  candidate: answers(number),
  ...(compared ? { stable: answers(2 * number) } : {}),
});
const probe = (number: number) => ({ at: second(number), latencyMs: 1, outcome: 'ok' as const });

const totals = ({ stretches }: Evidence) => {
  const sum = (counts: readonly (number | undefined)[]): number =>
    counts.reduce<number>((all, count) => all + (count ?? 0), 0);
  return {
    candidate: sum(stretches.map(({ candidate }) => candidate.total)),
    errors: sum(stretches.map(({ candidate }) => candidate.errors)),
    stable: sum(stretches.map(({ stable }) => stable?.total)),
    latency: [0, 1, 2].map((bucket) => sum(stretches.map(({ stable }) => stable?.latency[bucket]))),
  };
};

describe('evidence', () => {
  test('is added in order', () => {
    const some = withMore(noEvidence, { probes: [probe(1)], stretches: [stretch(1)] });
    expect(withMore(some, { probes: [probe(2)], stretches: [stretch(2)] })).toEqual({
      schemaVersion: 1,
      probes: [probe(1), probe(2)],
      stretches: [stretch(1), stretch(2)],
    });
  });

  test.each<[string, (number: number) => boolean, number]>([
    ['all compared', () => true, 240],
    ['none compared', () => false, 240],
    ['compared until it had all traffic', (number) => number < 1_000, 245],
    // What is compared is never joined with what is not: the one tells nothing of the other.
    ['every other one compared', (number) => number % 2 === 0, 2_000],
  ])('stays small and loses no answer, whatever is joined: %s', (_, compared, most) => {
    const all = Array.from({ length: 2_000 }, (_each, number) => stretch(number, compared(number)));
    let evidence = noEvidence;
    for (const each of all) evidence = withMore(evidence, { stretches: [each] });
    expect(totals(evidence)).toEqual(totals({ ...noEvidence, stretches: all }));
    expect(evidenceSchema.parse(evidence)).toEqual(evidence);
    expect(evidence.stretches.length).toBeLessThanOrEqual(most);
    const { stretches } = evidence;
    expect(stretches[0]?.from).toBe(all[0]?.from);
    expect(stretches.at(-1)?.to).toBe(all.at(-1)?.to);
    expect(stretches.slice(1).map(({ from }) => from)).toEqual(stretches.slice(0, -1).map(({ to }) => to));
  });

  test('long past stretches are joined, new ones keep their grain', () => {
    let evidence = noEvidence;
    for (let number = 0; number < 1_000; number += 1)
      evidence = withMore(evidence, { stretches: [stretch(number)] });
    expect(evidence.stretches.length).toBeLessThanOrEqual(240);
    expect(evidence.stretches.slice(-100)).toEqual(
      Array.from({ length: 100 }, (_, index) => stretch(900 + index)),
    );
  });

  test('the last thousand probes are kept', () => {
    const probes = Array.from({ length: 1_500 }, (_, number) => probe(number));
    expect(withMore(noEvidence, { probes }).probes).toEqual(probes.slice(500));
  });
});
