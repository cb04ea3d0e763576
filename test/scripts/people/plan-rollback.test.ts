import { describe, expect, test } from '@jest/globals';
import type { RunRevision } from '../../../functions/platform/cloud-run.ts';
import type { RollbackRequest, ServiceRecord, Shares } from '../../../functions/release/service-record.ts';
import { planRollback, rollbackTarget, type RollbackFacts } from '../../../scripts/people/plan-rollback.ts';
import { rollbackOutcome } from '../../../scripts/people/rollback-outcome.ts';
import {
  candidate,
  decision,
  frozenBy,
  minutesAgo,
  now,
  old,
  older,
  policy,
  recordWith,
  releaseOf,
} from './people-samples.ts';

const all = (revision: string): Shares => [{ revision, percent: 100 }];
const split: Shares = [
  { revision: old, percent: 95 },
  { revision: candidate, percent: 5 },
];

describe('the target', () => {
  test.each<[string, ServiceRecord, Shares, string | undefined, string]>([
    ['is the previous good one', recordWith(), all(old), undefined, older],
    ['is the stable one while another is rolled out', recordWith(), split, undefined, old],
    ['is the stable one when another serves everything', recordWith(), all('api-by-hand'), undefined, old],
    ['is what is named', recordWith(), all(old), 'api-x', 'api-x'],
    [
      'may be what serves, when that is only what is ready last',
      recordWith(),
      all('(latest)'),
      undefined,
      old,
    ],
  ])('%s', (_, record, asked, to, revision) => {
    expect(rollbackTarget(record, asked, to)).toEqual({ revision });
  });

  test.each<[string, ServiceRecord, string | undefined, RegExp]>([
    ['what serves already', recordWith(), old, /is what api serves already/],
    [
      'nothing, when there was no other',
      { ...recordWith(), previousGood: undefined },
      undefined,
      /^api has no previous good revision to go back to; name one with --to/,
    ],
  ])('is not %s', (_, record, to, reason) => {
    expect(rollbackTarget(record, all(old), to)).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(reason) as unknown,
    });
  });
});

const ready: RunRevision = { name: older, labels: {}, annotations: {}, image: '', ready: 'yes', message: '' };
const facts = (part: Partial<RollbackFacts> = {}): RollbackFacts => ({
  record: recordWith(),
  asked: all(old),
  target: older,
  revision: ready,
  release: releaseOf('a', { stage: 'superseded' }),
  overSchema: false,
  overHealth: false,
  keepGoing: false,
  now,
  ...part,
});
const floor = recordWith({ schemaFloor: { version: 7, release: 'bbbbbbb-22222222', at: minutesAgo(60) } });
const tooOld = releaseOf('a', {}, policy({}, { version: 6 }));
const held = recordWith({
  quarantine: [
    {
      at: minutesAgo(9),
      release: 'aaaaaaa-99999999',
      commit: 'a'.repeat(40),
      digest: '',
      reason: 'it leaked',
    },
  ],
});

test('says from where to where, with commits and age, and that the service is frozen afterwards', () => {
  expect(planRollback(facts())).toEqual({
    kind: 'do',
    says: [
      'api goes from api-bbbbbbb-22222222 100 % (commit bbbbbbb, live for 1 h 20 min) to api-aaaaaaa-11111111 100 % (commit aaaaaaa, released 1 h 30 min ago), in one change.',
      'api is frozen afterwards: nothing is rolled out until "npm run release -- api".',
    ].join('\n'),
    danger: undefined,
    request: { revision: older },
  });
});

test.each<[string, Partial<RollbackFacts>, object, RegExp | undefined]>([
  [
    'keeps the automation going when told to',
    { keepGoing: true },
    { revision: older, keepGoing: true },
    undefined,
  ],
  [
    'over an irreversible schema only when told to, and asks (trap 21)',
    { record: floor, release: tooOld, overSchema: true },
    { revision: older, overSchema: true },
    /schema 6.*cannot be undone/,
  ],
  [
    'without asking the revision whether it answers only when told to, and asks',
    { overHealth: true },
    { revision: older, overHealth: true },
    /api-\S+ is not asked whether it answers before it gets all traffic/,
  ],
  [
    'is no matter of the schema where that is new enough',
    { record: floor, release: releaseOf('a', {}, policy({}, { version: 7 })), overSchema: true },
    { revision: older },
    undefined,
  ],
  [
    'to what was taken back before asks',
    { record: held },
    { revision: older },
    /commit aaaaaaa was taken back before: it leaked/,
  ],
  [
    'goes before an automatic one',
    { record: recordWith({ rollbackRequest: { ...decision, revision: old, release: 'x' } }) },
    { revision: older },
    undefined,
  ],
  [
    'may be asked for while frozen',
    { record: recordWith({ frozen: frozenBy('person') }) },
    { revision: older },
    undefined,
  ],
])('%s', (_, part, request, danger) => {
  expect(planRollback(facts(part))).toMatchObject({
    kind: 'do',
    request,
    danger: danger && (expect.stringMatching(danger) as unknown),
  });
});

test.each<[string, Partial<RollbackFacts>, RegExp]>([
  [
    'there is no such revision',
    { revision: undefined },
    /^api has no revision api-aaaaaaa-11111111; npm run status/,
  ],
  [
    'the revision is not ready',
    { revision: { ...ready, ready: 'no', message: 'it crashed' } },
    /is not ready: it crashed/,
  ],
  [
    'it is no release of ours',
    { release: undefined },
    /is no release of this pipeline.*gcloud run services update-traffic api --to-revisions api-aaaaaaa-11111111=100/,
  ],
  [
    'its schema is no more (trap 21)',
    { record: floor, release: tooOld },
    /^api cannot go back .*made for schema 6, .*bbbbbbb-22222222 has taken the schema to 7, .*Fix forward.*--over-schema/s,
  ],
  [
    'another person was faster',
    { record: recordWith({ rollbackRequest: { ...decision, revision: old } }) },
    /under way already, asked for by ben/,
  ],
])('is refused when %s', (_, part, reason) => {
  expect(planRollback(facts(part))).toEqual({
    kind: 'refused',
    reason: expect.stringMatching(reason) as unknown,
  });
});

test.each<[string, Partial<RollbackFacts>, RegExp]>([
  ['frozen', {}, /api is frozen afterwards/],
  ['going on', { keepGoing: true }, /the next push goes out as usual/],
  [
    'frozen as it was',
    { keepGoing: true, record: recordWith({ frozen: frozenBy('takeover') }) },
    /api stays frozen, as it was by ana@example.com 4 min ago: orders fail; npm run release -- api ends that/,
  ],
])('says that the service is %s afterwards', (_, part, says) => {
  expect(planRollback(facts(part))).toMatchObject({ says: expect.stringMatching(says) as unknown });
});

const request: RollbackRequest = { revision: older, ...decision };
const entry = { at: minutesAgo(-1), by: 'x', why: 'y', request: decision.at };
test.each<[string, Partial<ServiceRecord>, string, RegExp]>([
  ['while it is asked for', { rollbackRequest: request }, 'waiting', /rollout is at it/],
  [
    'carried out',
    { rolledBackAt: entry.at, frozen: frozenBy('rollback'), log: [{ ...entry, what: 'rolled back to it' }] },
    'done',
    /^api: rolled back to it. It is frozen until: npm run release -- api/,
  ],
  [
    'carried out, and going on',
    { rolledBackAt: entry.at, log: [{ ...entry, what: 'rolled back to it' }] },
    'done',
    /The next push/,
  ],
  [
    'refused, after one that was not',
    { rolledBackAt: minutesAgo(30), log: [{ ...entry, what: 'refused' }] },
    'failed',
    /^api: refused\.$/,
  ],
  ['gone without a word', {}, 'failed', /says nothing/],
])('its outcome: %s', (_, part, kind, says) => {
  expect(rollbackOutcome(recordWith(part), request)).toEqual({
    kind,
    says: expect.stringMatching(says) as unknown,
  });
});
