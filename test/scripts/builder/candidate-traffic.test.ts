import { describe, expect, test } from '@jest/globals';
import type { TrafficTarget } from '../../../functions/platform/cloud-run.ts';
import {
  candidateTraffic,
  type RevisionState,
  type TrafficNow,
} from '../../../scripts/builder/candidate-traffic.ts';

const at = (revision: string | undefined, percent: number, tag?: string): TrafficTarget => ({
  revision,
  percent,
  tag,
});

const candidate = { revision: 'api-new', tag: 'c-new' };
const address = at('api-new', 0, 'c-new');

interface Row {
  readonly what: string;
  readonly service: Partial<TrafficNow> | undefined;
  readonly states?: Readonly<Record<string, RevisionState>>;
  readonly expected: TrafficTarget[];
}

const rows: Row[] = [
  { what: 'there is no service yet', service: undefined, expected: [at('api-new', 100), address] },
  {
    what: 'one revision serves',
    service: { traffic: [at('api-a', 100)] },
    states: { 'api-a': 'ready' },
    expected: [at('api-a', 100), address],
  },
  {
    what: 'every tag of a usable revision stays where it is',
    service: { traffic: [at('api-b', 100), at('api-b', 0, 'c-b'), at('api-a', 0, 'c-a')] },
    states: { 'api-a': 'ready', 'api-b': 'ready' },
    expected: [at('api-b', 100), at('api-b', 0, 'c-b'), at('api-a', 0, 'c-a'), address],
  },
  {
    what: 'a split stays as it is',
    service: { traffic: [at('api-a', 90), at('api-b', 10)] },
    states: { 'api-a': 'ready', 'api-b': 'ready' },
    expected: [at('api-a', 90), at('api-b', 10), address],
  },
  {
    what: 'a percent on a tagged entry counts for its revision, and the tag keeps none',
    service: { traffic: [at('api-a', 60), at('api-a', 40, 'blue')] },
    states: { 'api-a': 'ready' },
    expected: [at('api-a', 100), at('api-a', 0, 'blue'), address],
  },
  {
    what: 'all to the latest becomes all to the revision that is ready last',
    service: { traffic: [at(undefined, 100)], latestReady: 'api-a' },
    states: { 'api-a': 'ready' },
    expected: [at('api-a', 100), address],
  },
  {
    what: 'a tag on the latest is pinned with it',
    service: { traffic: [at(undefined, 100), at(undefined, 0, 'newest')], latestReady: 'api-a' },
    states: { 'api-a': 'ready' },
    expected: [at('api-a', 100), at('api-a', 0, 'newest'), address],
  },
  {
    what: 'all to the latest, and nothing was ever ready',
    service: { traffic: [at(undefined, 100)] },
    expected: [at('api-new', 100), address],
  },
  {
    what: 'the first revision failed: nothing of it stays',
    service: { traffic: [at('api-a', 100), at('api-a', 0, 'c-a')] },
    states: { 'api-a': 'failed' },
    expected: [at('api-new', 100), address],
  },
  {
    what: 'a failed candidate beside a good revision loses its tag',
    service: { traffic: [at('api-a', 100), at('api-a', 0, 'c-a'), at('api-b', 0, 'c-b')] },
    states: { 'api-a': 'ready', 'api-b': 'failed' },
    expected: [at('api-a', 100), at('api-a', 0, 'c-a'), address],
  },
  {
    what: 'a tag of a revision that was deleted goes',
    service: { traffic: [at('api-a', 100), at('api-b', 0, 'c-b')] },
    states: { 'api-a': 'ready' },
    expected: [at('api-a', 100), address],
  },
  {
    what: 'the share of a failed revision goes to the one that serves most',
    service: { traffic: [at('api-a', 20), at('api-b', 70), at('api-c', 10)] },
    states: { 'api-a': 'ready', 'api-b': 'ready', 'api-c': 'failed' },
    expected: [at('api-a', 20), at('api-b', 80), address],
  },
  {
    what: 'what is asked for failed: what really serves goes on serving',
    service: { traffic: [at('api-b', 100)], serving: [at('api-a', 100)] },
    states: { 'api-a': 'ready', 'api-b': 'failed' },
    expected: [at('api-a', 100), address],
  },
  {
    what: 'the revision that serves is still starting: it is not given up',
    service: { traffic: [at('api-a', 100), at('api-a', 0, 'c-a')] },
    states: { 'api-a': 'starting' },
    expected: [at('api-a', 100), at('api-a', 0, 'c-a'), address],
  },
  {
    what: 'an earlier attempt has put the candidate there: it is there once',
    service: { traffic: [at('api-a', 100), address] },
    states: { 'api-a': 'ready', 'api-new': 'starting' },
    expected: [at('api-a', 100), address],
  },
  {
    what: "the candidate's tag stood at another revision: an address has one owner",
    service: { traffic: [at('api-a', 100), at('api-a', 0, 'c-new')] },
    states: { 'api-a': 'ready' },
    expected: [at('api-a', 100), address],
  },
];

describe('candidateTraffic', () => {
  test.each(rows)('$what', ({ service, states = {}, expected }) => {
    const now = service && { traffic: [], latestReady: undefined, serving: [], ...service };
    const traffic = candidateTraffic(now, candidate, (revision) => states[revision] ?? 'gone');
    expect(traffic).toEqual(expected);
    expect(traffic.reduce((sum, { percent }) => sum + percent, 0)).toBe(100);
    const tags = traffic.flatMap(({ tag }) => tag ?? []);
    expect(new Set(tags).size).toBe(tags.length);
  });
});
