import { describe, expect, test } from '@jest/globals';
import type { ListedRevision, TrafficTarget } from '../../../functions/platform/cloud-run.ts';
import {
  newServiceRecord,
  type ServiceRecord,
  type Serving,
} from '../../../functions/release/service-record.ts';
import {
  expendable,
  keptRevisions,
  keptTags,
  type Expendable,
  type Holdings,
} from '../../../functions/rollout/retention.ts';
import { servingNth } from '../../support/release.ts';

const commitOf = (number: number): string => String(number).padStart(7, '0').padEnd(40, 'a');
const buildOf = (number: number): string => `${String(number).padStart(8, '0')}-0000-0000-0000-000000000000`;
const idOf = (number: number): string => `${commitOf(number).slice(0, 7)}-${buildOf(number).slice(0, 8)}`;
const nameOf = (number: number): string => `api-${idOf(number)}`;
const tagOf = (number: number): string => `c-${idOf(number)}`;
const madeAt = (number: number): string => new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();

/** The pipeline's revision of this number; a higher one is newer. */
const own = (number: number): ListedRevision => ({
  name: nameOf(number),
  labels: { 'commit-sha': commitOf(number), 'build-id': buildOf(number) },
  createdAt: madeAt(number),
});
const tagged = (number: number): TrafficTarget => ({
  revision: nameOf(number),
  percent: 0,
  tag: tagOf(number),
});
const all = (number: number): TrafficTarget => ({ revision: nameOf(number), percent: 100, tag: undefined });
const serving = (number: number): Serving =>
  servingNth(1, { release: idOf(number), revision: nameOf(number) });
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

/** Revisions 1 to `count`, each with its tag, of which the last serves. */
function held(count: number, part: Partial<Holdings> = {}, record: Partial<ServiceRecord> = {}): Holdings {
  const traffic = [all(count), ...numbers(1, count).map(tagged)];
  return {
    service: 'api',
    traffic,
    serving: traffic.map((target) => ({ ...target, url: undefined })),
    record: { ...newServiceRecord('api'), stable: serving(count), ...record },
    revisions: numbers(1, count).map(own),
    active: [],
    ...part,
  };
}

/** With no tags but those given. */
const untagged = (
  count: number,
  part: Partial<Holdings> = {},
  record: Partial<ServiceRecord> = {},
): Holdings => held(count, { traffic: [all(count)], serving: [], ...part }, record);

const nothing: Expendable = { tags: [], revisions: [] };

describe('what of a service is expendable', () => {
  const rollback = { revision: nameOf(2), by: 'ana', why: 'it is bad', at: madeAt(0) };
  const asked = [{ revision: nameOf(2), percent: 100 }];
  const cases: [string, Holdings, Expendable][] = [
    ['nothing of a new service', held(1), nothing],
    ['nothing of what is kept beside the stable revision', held(keptTags + 1), nothing],
    [
      'the oldest tags, whose revisions have to wait until the tags are gone',
      held(keptTags + 3),
      { tags: [tagOf(2), tagOf(1)], revisions: [] },
    ],
    [
      'of many tagged ones all the tags first',
      held(keptRevisions + 3),
      {
        tags: numbers(1, keptRevisions + 2 - keptTags)
          .map(tagOf)
          .reverse(),
        revisions: [],
      },
    ],
    [
      'the oldest revisions to which nothing leads, oldest first',
      untagged(keptRevisions + 4),
      { tags: [], revisions: [nameOf(1), nameOf(2), nameOf(3)] },
    ],
    [
      'never the stable and the previous good revision (trap 26)',
      held(keptTags + 4, {}, { stable: serving(1), previousGood: serving(2) }),
      { tags: [tagOf(3)], revisions: [] },
    ],
    [
      'never the previous good revision, even without its tag (trap 26)',
      untagged(keptRevisions + 4, {}, { previousGood: serving(1) }),
      { tags: [], revisions: [nameOf(2), nameOf(3)] },
    ],
    [
      'never the target of a rollback',
      untagged(keptRevisions + 3, {}, { rollbackRequest: rollback }),
      { tags: [], revisions: [nameOf(1)] },
    ],
    [
      'never a release that is being rolled out',
      untagged(keptRevisions + 3, {}, { rollingOut: { release: idOf(2), order: '' } }),
      { tags: [], revisions: [nameOf(1)] },
    ],
    [
      'never a release that is under way',
      untagged(keptRevisions + 3, { active: [{ service: 'api', id: idOf(2) }] }),
      { tags: [], revisions: [nameOf(1)] },
    ],
    [
      'never what was asked for',
      untagged(keptRevisions + 3, {}, { traffic: { asked, before: [], at: madeAt(0), by: 'x' } }),
      { tags: [], revisions: [nameOf(1)] },
    ],
    [
      'never what may still be served from before',
      untagged(keptRevisions + 3, {}, { traffic: { asked: [], before: [asked], at: madeAt(0), by: 'x' } }),
      { tags: [], revisions: [nameOf(1)] },
    ],
    [
      'never what is served, whatever the record says',
      untagged(keptRevisions + 3, { serving: [{ ...all(2), percent: 1, url: undefined }] }),
      { tags: [], revisions: [nameOf(1)] },
    ],
    [
      "never a revision behind a person's tag, nor that tag",
      untagged(keptRevisions + 3, {
        traffic: [all(keptRevisions + 3), { ...tagged(2), tag: 'for-the-demo' }],
      }),
      { tags: [], revisions: [nameOf(1)] },
    ],
    [
      'never a revision to which a tag still leads that is no longer asked for',
      untagged(keptRevisions + 3, { serving: [{ ...tagged(2), url: 'http://x' }] }),
      { tags: [], revisions: [nameOf(1)] },
    ],
    [
      "never a person's tag that looks like one of ours but leads elsewhere",
      held(keptTags + 2, { traffic: [all(keptTags + 2), { ...tagged(keptTags + 2), tag: tagOf(1) }] }),
      nothing,
    ],
    [
      'never a revision that no build of the pipeline has made',
      untagged(keptRevisions + 1, {
        revisions: [
          { name: 'api-00001-abc', labels: {}, createdAt: madeAt(0) },
          { ...own(0), name: 'api-by-hand' },
          { ...own(0), labels: { 'commit-sha': commitOf(0) } },
          ...numbers(1, keptRevisions + 1).map(own),
        ],
      }),
      nothing,
    ],
  ];
  test.each(cases)('%s', (_, holdings, expected) => {
    expect(expendable(holdings)).toEqual(expected);
  });

  test('does not depend on the order of the list', () => {
    const holdings = untagged(keptRevisions + 9);
    const revisions = [...holdings.revisions].reverse();
    expect(expendable({ ...holdings, revisions })).toEqual(expendable(holdings));
  });
});

/** Numbers in [0, below), the same ones for the same seed. https://en.wikipedia.org/wiki/Xorshift */
function random(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function anyHoldings(seed: number): Holdings & { readonly safe: ReadonlySet<string> } {
  const next = random(seed + 1);
  const count = 30 + next(120);
  const one = (): number => 1 + next(count);
  const maybe = <T>(value: T): T | undefined => (next(2) === 0 ? value : undefined);
  const some = (): number[] => Array.from({ length: next(4) }, one);
  const chosen = { stable: maybe(one()), previousGood: maybe(one()), rollingOut: maybe(one()) };
  const target = maybe(one());
  const active = some();
  const shares = [one(), one()];
  const people = some();
  const before = some();
  const isTagged = numbers(1, count).filter(() => next(3) > 0);
  const traffic = [
    ...shares.map((number) => ({ revision: nameOf(number), percent: 50, tag: undefined })),
    ...isTagged.map(tagged),
    ...people.map((number, index) => ({ ...tagged(number), tag: `demo-${index}` })),
  ];
  const record: ServiceRecord = {
    ...newServiceRecord('api'),
    ...(chosen.stable === undefined ? {} : { stable: serving(chosen.stable) }),
    ...(chosen.previousGood === undefined ? {} : { previousGood: serving(chosen.previousGood) }),
    ...(chosen.rollingOut === undefined
      ? {}
      : { rollingOut: { release: idOf(chosen.rollingOut), order: '' } }),
    ...(target === undefined
      ? {}
      : { rollbackRequest: { revision: nameOf(target), by: 'ana', why: 'w', at: madeAt(0) } }),
    traffic: {
      asked: shares.map((number) => ({ revision: nameOf(number), percent: 50 })),
      before: before.map((number) => [{ revision: nameOf(number), percent: 100 }]),
      at: madeAt(0),
      by: 'x',
    },
  };
  const all = [...Object.values(chosen), target, ...active, ...shares, ...before];
  return {
    service: 'api',
    traffic,
    serving: (next(2) === 0 ? traffic : traffic.slice(2)).map((entry) => ({ ...entry, url: undefined })),
    record,
    revisions: numbers(1, count).map(own),
    active: active.map((number) => ({ service: 'api', id: idOf(number) })),
    safe: new Set(all.flatMap((number) => (number === undefined ? [] : [nameOf(number)]))),
  };
}

test.each(numbers(1, 200))(
  'whatever the records say, nothing that is needed is touched (trap 26), case %i',
  (seed) => {
    const { safe, ...holdings } = anyHoldings(seed);
    const { tags, revisions } = expendable(holdings);
    const byTag = new Map(holdings.traffic.map(({ tag, revision }) => [tag, revision]));
    for (const tag of tags) {
      expect(tag).toMatch(/^c-/);
      expect(safe).not.toContain(byTag.get(tag));
    }
    for (const revision of revisions) {
      expect(safe).not.toContain(revision);
      expect([...holdings.traffic, ...holdings.serving].map((target) => target.revision)).not.toContain(
        revision,
      );
    }
    // And it comes to an end: once all of that is done, there is nothing more to do but what the tags held back.
    const gone = new Set<string | undefined>(tags);
    const traffic = holdings.traffic.filter(({ tag }) => !gone.has(tag));
    const left = holdings.revisions.filter(({ name }) => !revisions.includes(name));
    const then = expendable({ ...holdings, traffic, serving: [], revisions: left });
    expect(then.tags).toEqual([]);
    const last = left.filter(({ name }) => !then.revisions.includes(name));
    const kept = last.filter(
      ({ name }) => !safe.has(name) && !traffic.some((entry) => entry.revision === name),
    );
    expect(kept.length).toBeLessThanOrEqual(keptRevisions);
  },
);
