import { describe, expect, test } from '@jest/globals';
import type { RunService, TrafficTarget } from '../../../functions/platform/cloud-run.ts';
import type { Release, ReleaseStep, Verdict } from '../../../functions/release/release.ts';
import {
  newServiceRecord,
  type Frozen,
  type ServiceRecord,
} from '../../../functions/release/service-record.ts';
import { quarantined } from '../../../functions/rollout/eligibility.ts';
import { plan } from '../../../functions/rollout/plan.ts';
import type { Plan, Situation } from '../../../functions/rollout/situation.ts';
import {
  built,
  healthy,
  inconclusive,
  nthRelease,
  releaseAt,
  servingNth,
  unhealthy,
  withPolicy,
} from '../../support/release.ts';

/** Newest last: 1 was before, 2 is stable, 3 is looked at, 4 is newer. */
const ids = [1, 2, 3, 4].map((digit) => nthRelease(digit, 'live').id);
const [, , own = '', newer = ''] = ids;
const candidate = `api-${own}`;
const stable = servingNth(2).revision;
const now = new Date('2026-01-05T00:00:00.000Z');

type Percents = Record<string, number>;
const targets = (percents: Percents): TrafficTarget[] => [
  ...Object.entries(percents).map(([revision, percent]) => ({ revision, percent, tag: undefined })),
  { revision: candidate, percent: 0, tag: `c-${own}` },
];
/** `serving` is the same unless it says otherwise. */
const running = (percents: Percents, part: Partial<RunService> = {}): RunService => ({
  name: 'projects/p/locations/l/services/api',
  etag: '"1"',
  url: 'http://api',
  traffic: targets(percents),
  serving: targets(percents).map((target) => ({ ...target, url: undefined })),
  settled: true,
  failure: undefined,
  open: true,
  lastModifier: undefined,
  ...part,
});
const serving = (percents: Percents): Pick<RunService, 'serving'> => ({
  serving: running(percents).serving,
});

const atStable = { [stable]: 100 };
const atTen = { [stable]: 90, [candidate]: 10 };
const atAll = { [candidate]: 100 };

const recordOf = (part: Partial<ServiceRecord> = {}): ServiceRecord => ({
  ...newServiceRecord('api'),
  stable: servingNth(2),
  previousGood: servingNth(1),
  ...part,
});
/** The record while this release has asked for these shares. */
const claimed = (percents: Percents, part: Partial<ServiceRecord> = {}): ServiceRecord =>
  recordOf({
    rollingOut: { release: own, order: servingNth(3).order },
    traffic: {
      asked: Object.entries(percents)
        .map(([revision, percent]) => ({ revision, percent }))
        .sort((a, b) => (a.revision < b.revision ? -1 : 1)),
      before: [[{ revision: stable, percent: 100 }]],
      at: '2026-01-03T00:01:00.000Z',
      by: own,
    },
    ...part,
  });
const frozen = (cause: Frozen['cause']): { frozen: Frozen } => ({
  frozen: { at: '2026-01-04T00:00:00.000Z', by: 'ana', why: 'wait for the migration', cause },
});

const verified = (part: Partial<Release> = {}): Release =>
  built(nthRelease(3, 'verifying', { verdict: healthy, ...part }));
const stepAt = (percent: number, verdict?: Verdict, part: Partial<ReleaseStep> = {}): ReleaseStep => ({
  percent,
  askedAt: '2026-01-03T00:02:00.000Z',
  servingAt: '2026-01-03T00:02:01.000Z',
  ...(verdict ? { verdict } : {}),
  ...part,
});
const rolling = (step: ReleaseStep, part: Partial<Release> = {}): Release =>
  nthRelease(3, 'rolling-out', { steps: [step], ...part });
const inSet = (release: Release): Release => withPolicy(release, { releaseSet: ['db', 'api', 'web'] });
const sibling = (service: string, stage: Release['stage'], part: Partial<Release> = {}): Release =>
  inSet(nthRelease(3, stage, { service, ...part }));

interface Case extends Partial<Omit<Situation, 'failed' | 'release'>> {
  readonly release: Release;
  readonly failed?: readonly string[];
}
const planOf = ({ failed = [], ...part }: Case): Plan =>
  plan({
    record: recordOf(),
    service: running(atStable),
    set: [],
    unrecorded: [],
    now,
    ...part,
    failed: new Set(failed),
  });

/** A plan in short: what distinguishes it from others of its kind. */
function short(next: Plan): string {
  switch (next.kind) {
    case 'step':
      return `step ${next.percent}`;
    case 'set-open':
      return `set-open ${next.open}`;
    case 'serving':
      return `serving ${next.percent}`;
    case 'nothing':
    case 'supersede':
    case 'reject':
    case 'take-back':
    case 'gone-back':
    case 'taken-over':
      return `${next.kind}: ${next.reason}`;
    case 'withdraw':
      return `withdraw ${next.releases.map(({ service }) => service).join(', ')}: ${next.reason}`;
    case 'claim':
    case 'set-traffic':
    case 'settle':
    case 'confirm':
    case 'yield':
      return next.kind;
    default:
      return next satisfies never;
  }
}

type Table = [name: string, situation: Case, expected: RegExp | string][];
const check = (_: string, situation: Case, expected: RegExp | string): void => {
  const text = short(planOf(situation));
  if (typeof expected === 'string') expect(text).toBe(expected);
  else expect(text).toMatch(expected);
};

describe('before any traffic', () => {
  test.each<Table[number]>([
    ['not verified yet', { release: built(nthRelease(3, 'verifying')) }, /^nothing: it is not verified/],
    [
      'verified before the build has ended (trap 27)',
      { release: nthRelease(3, 'verifying', { verdict: healthy }) },
      /^nothing: its build is WORKING/,
    ],
    ['verified and built: the first step', { release: verified() }, 'step 10'],
    [
      'the first release of a service has nothing to be compared with, and goes at once',
      { release: verified(), record: newServiceRecord('api') },
      'step 100',
    ],
    ['no steps declared', { release: withPolicy(verified(), { rollout: { steps: [] } }) }, 'step 100'],
    [
      'an image that the build did not push (trap 27)',
      { release: verified({ build: { ...verified().build, digests: ['sha256:other'] } }) },
      /^reject: .*runs an image that its build has not pushed/,
    ],
    [
      'a build that names no image (trap 27)',
      { release: built(verified({ build: { ...verified().build, digests: [] } })) },
      /^reject: its build names no image/,
    ],
    [
      'made for a schema that is no more: a revert of the code does not revert the schema (trap 21)',
      {
        release: verified(),
        record: recordOf({ schemaFloor: { version: 7, release: 'x', at: 'then' } }),
      },
      /^reject: it is made for schema 0, and release x has taken the schema to 7 for good/,
    ],
    [
      'made for the schema that there is (trap 21)',
      {
        release: withPolicy(verified(), { schema: { version: 7, reversible: true } }),
        record: recordOf({ schemaFloor: { version: 7, release: 'x', at: 'then' } }),
      },
      /^step /,
    ],
    ['the service is gone', { release: verified(), service: undefined }, /^nothing: its service does not/],
    [
      'a rollback comes first',
      {
        release: verified(),
        record: recordOf({ rollbackRequest: { revision: stable, by: 'x', why: 'y', at: 'z' } }),
      },
      /^nothing: a rollback comes first/,
    ],
    [
      'frozen by a person (trap 20)',
      { release: verified(), record: recordOf(frozen('person')) },
      /^nothing: the service is frozen: wait for the migration/,
    ],
    [
      'frozen by a takeover: it has no traffic that could be taken over',
      { release: verified(), record: recordOf(frozen('takeover')) },
      /^nothing: the service is frozen/,
    ],
    [
      'it cannot be found out how it is: a person is asked, whatever comes later (trap 22)',
      { release: verified({ verdict: inconclusive }) },
      /^nothing: 10 % waits for approval/,
    ],
    [
      'and a person lets it through',
      {
        release: verified({
          verdict: inconclusive,
          approvals: [{ percent: 10, at: 'then', by: 'ana', why: 'looked at it' }],
        }),
      },
      'step 10',
    ],
    [
      'a step that needs approval',
      { release: withPolicy(verified(), { rollout: { approve: [10] } }) },
      /^nothing: 10 % waits for approval/,
    ],
    [
      'approval of another step is none of this one',
      {
        release: withPolicy(verified({ approvals: [{ percent: 50, at: 'then', by: 'ana', why: 'fine' }] }), {
          rollout: { approve: [10] },
        }),
      },
      /^nothing: 10 % waits for approval/,
    ],
    [
      'promotion by a person is approval',
      {
        release: withPolicy(verified({ promoted: { at: 'then', by: 'ana', why: 'now' } }), {
          rollout: { approve: [10] },
        }),
      },
      'step 10',
    ],
  ])('%s', check);
});

describe('which of two', () => {
  test.each<Table[number]>([
    [
      'an older commit does not overtake a newer one that is live (trap 9)',
      { release: verified(), record: recordOf({ stable: servingNth(4) }) },
      /^supersede: a newer release is live: api-4444444-44444444 of commit 4444444/,
    ],
    [
      'a rerun of an old commit, built just now, stays old (trap 25)',
      {
        release: {
          ...verified(),
          build: { ...verified().build, createTime: '2026-01-09T00:00:00.000Z' },
        },
        record: recordOf({ stable: servingNth(4) }),
      },
      /^supersede: a newer release is live/,
    ],
    [
      'a push back to an old commit is new (trap 25)',
      {
        release: { ...verified(), orderedAt: '2026-01-09T00:00:00.000Z' },
        record: recordOf({ stable: servingNth(4) }),
        service: running({ [servingNth(4).revision]: 100 }),
      },
      'step 10',
    ],
    [
      '1.4 is a canary over 1.3 when 1.5 comes: 1.4 is superseded, with a verdict that says so (trap 18)',
      {
        release: rolling(stepAt(10)),
        record: claimed(atTen, { rollingOut: { release: newer, order: servingNth(4).order } }),
        service: running(atTen),
      },
      /^supersede: a newer release is being rolled out: 4444444-44444444/,
    ],
    [
      'and 1.5 has 1.3 beside it, which is what is stable (trap 18)',
      {
        release: built(nthRelease(4, 'verifying', { verdict: healthy })),
        record: claimed(atTen),
        service: running(atTen),
      },
      'step 10',
    ],
    [
      'an older one that is being rolled out holds nothing up (trap 18)',
      {
        release: verified(),
        record: recordOf({ rollingOut: { release: 'older', order: servingNth(1).order } }),
      },
      'step 10',
    ],
    [
      'a person took the service back after it was pushed (trap 20)',
      {
        release: rolling(stepAt(10)),
        record: claimed(atTen, { rolledBackAt: '2026-01-03T12:00:00.000Z' }),
        service: running(atTen),
      },
      /^supersede: the service was rolled back after this commit was pushed/,
    ],
    [
      'a rerun after a rollback by a person is not rolled forward (traps 20, 25)',
      {
        release: {
          ...verified(),
          build: { ...verified().build, createTime: '2026-01-09T00:00:00.000Z' },
        },
        record: recordOf({ rolledBackAt: '2026-01-03T12:00:00.000Z' }),
      },
      /^supersede: the service was rolled back/,
    ],
    [
      'what was pushed after the rollback may go live (trap 20)',
      { release: verified(), record: recordOf({ rolledBackAt: '2026-01-02T12:00:00.000Z' }) },
      'step 10',
    ],
  ])('%s', check);

  test('the stable side of a step is the stable revision, not the canary before it (trap 18)', () => {
    const release = built(nthRelease(4, 'verifying', { verdict: healthy }));
    expect(planOf({ release, record: claimed(atTen), service: running(atTen) })).toMatchObject({
      kind: 'step',
      shares: [
        { revision: stable, percent: 90 },
        { revision: 'api-4444444-44444444', percent: 10 },
      ],
    });
  });
});

describe('quarantine', () => {
  const held = {
    at: '2026-01-02T10:00:00.000Z',
    release: 'x',
    commit: 'f'.repeat(40),
    digest: 'sha256:f',
    reason: 'answered 500',
  };
  test.each<Table[number]>([
    [
      'another build of the commit does not go out again (traps 20, 25)',
      { release: verified(), record: recordOf({ quarantine: [{ ...held, commit: verified().commit }] }) },
      /^reject: this commit was taken back on 2026-01-02.* is quarantined: answered 500/,
    ],
    [
      'the same image under another commit does not go out again (trap 20)',
      {
        release: verified(),
        record: recordOf({ quarantine: [{ ...held, digest: verified().build.digests[0] ?? '' }] }),
      },
      /^reject: its image was taken back/,
    ],
    ['others are no matter', { release: verified(), record: recordOf({ quarantine: [held] }) }, 'step 10'],
  ])('%s', check);

  test('a release is not held by its own entry: that only counts its rollbacks', () => {
    const record = recordOf({ quarantine: [{ ...held, release: own, commit: verified().commit }] });
    expect(quarantined(verified(), record)).toBeUndefined();
  });
});

describe('with traffic', () => {
  test.each<Table[number]>([
    [
      'the record of the service does not say yet who asks',
      { release: rolling(stepAt(10)), record: recordOf(), service: running(atStable) },
      'claim',
    ],
    [
      'asked for, not set',
      { release: rolling(stepAt(10)), record: claimed(atTen), service: running(atStable) },
      'set-traffic',
    ],
    [
      'traffic takes a moment (trap 15)',
      {
        release: rolling(stepAt(10)),
        record: claimed(atTen),
        service: running(atTen, { ...serving(atStable), settled: false }),
      },
      'settle',
    ],
    [
      'desired is not actual (trap 13)',
      {
        release: rolling(stepAt(10)),
        record: claimed(atTen),
        service: running(atTen, serving(atStable)),
      },
      'settle',
    ],
    [
      'Cloud Run could not serve it (trap 13)',
      {
        release: rolling(stepAt(10)),
        record: claimed(atTen),
        service: running(atTen, { ...serving(atStable), failure: 'no quota' }),
      },
      'take-back: Cloud Run could not serve it: no quota',
    ],
    [
      'another revision that did not start is kept out of the traffic (trap 13)',
      {
        release: rolling(stepAt(10)),
        record: claimed(atTen),
        service: running(atTen, {
          traffic: [...targets(atTen), { revision: 'api-bad', percent: 0, tag: 'c-bad' }],
          failure: 'api-bad is not ready',
        }),
        failed: ['api-bad'],
      },
      'set-traffic',
    ],
    [
      'the candidate itself cannot start any more',
      {
        release: rolling(stepAt(10)),
        record: claimed(atTen),
        service: running(atTen, { ...serving(atStable), failure: 'no memory' }),
        failed: [candidate],
      },
      'take-back: Cloud Run could not serve it: no memory',
    ],
    [
      'served, while the service complains of something else',
      {
        release: rolling(stepAt(10)),
        record: claimed(atTen),
        service: running(atTen, { failure: 'api-other is not ready' }),
      },
      /^nothing: 10 % is being watched/,
    ],
    [
      'served: the record is to say so',
      {
        release: rolling({ percent: 10, askedAt: '2026-01-03T00:02:00.000Z' }),
        record: claimed(atTen),
        service: running(atTen),
      },
      'serving 10',
    ],
    [
      'at 100 % it is watched first: where its service cannot be opened, somebody looks at it all the same',
      {
        release: rolling({ percent: 100, askedAt: '2026-01-03T00:02:00.000Z' }),
        record: claimed(atAll),
        service: running(atAll, { open: false }),
      },
      'serving 100',
    ],
    [
      'the first release opens its service',
      {
        release: rolling(stepAt(100)),
        record: claimed(atAll),
        service: running(atAll, { open: false }),
      },
      'set-open true',
    ],
    [
      'a candidate at 10 % opens nothing: the stable one is not public',
      { release: rolling(stepAt(10)), record: claimed(atTen), service: running(atTen, { open: false }) },
      /^nothing/,
    ],
    [
      'a service that is public no more is closed',
      {
        release: withPolicy(rolling(stepAt(100)), { public: false }),
        record: claimed(atAll),
        service: running(atAll),
      },
      'set-open false',
    ],
    [
      'frozen: it stays where it is, bad or not (trap 21)',
      {
        release: rolling(stepAt(10, unhealthy)),
        record: claimed(atTen, frozen('irreversible')),
        service: running(atTen),
      },
      /^nothing: the service is frozen/,
    ],
    [
      'frozen by a person, and turned bad since: it stays, and that is said',
      {
        release: rolling(stepAt(10, unhealthy)),
        record: claimed(atTen, frozen('person')),
        service: running(atTen),
      },
      /^nothing: it is bad and keeps 10 % of the traffic while .* has frozen the service/,
    ],
    ['live', { release: nthRelease(3, 'live'), service: running(atAll) }, 'nothing: it is live'],
    ['over', { release: nthRelease(3, 'rolled-back') }, 'nothing: it is rolled-back'],
    [
      'a release without a step that says it is rolling out',
      { release: { ...rolling(stepAt(10)), steps: [] }, service: running(atStable) },
      'nothing: it has no step',
    ],
  ])('%s', check);

  test('what is asked for names the revision and keeps its tags (traps 9, 16)', () => {
    const next = planOf({ release: rolling(stepAt(10)), record: claimed(atTen) });
    expect(next).toEqual({
      kind: 'set-traffic',
      traffic: [
        { revision: stable, percent: 90, tag: undefined },
        { revision: candidate, percent: 10, tag: undefined },
        { revision: candidate, percent: 0, tag: `c-${own}` },
      ],
    });
  });
});

describe('from step to step', () => {
  const at = (
    percent: number,
    verdict: Verdict | undefined,
    policy: Parameters<typeof withPolicy>[1] = {},
    part: Partial<Release> = {},
  ): Case => {
    const percents = percent === 100 ? atAll : { [stable]: 100 - percent, [candidate]: percent };
    return {
      release: withPolicy(rolling(stepAt(percent, verdict), part), policy),
      record: claimed(percents),
      service: running(percents),
    };
  };
  const then = (onInconclusive: 'wait' | 'promote' | 'roll-back' | 'ask') => ({
    rollout: { onInconclusive },
  });
  const approved = (percent: number): Partial<Release> => ({
    approvals: [{ percent, at: 'then', by: 'ana', why: 'looked at it' }],
  });

  test.each<Table[number]>([
    ['no verdict yet', at(10, undefined), 'nothing: 10 % is being watched'],
    ['healthy at 10 %', at(10, healthy), 'step 50'],
    ['healthy at the last step', at(50, healthy), 'step 100'],
    ['healthy at 100 %', at(100, healthy), 'confirm'],
    ['bad at 10 %', at(10, unhealthy), 'take-back: answered 500'],
    ['bad at 100 %', at(100, unhealthy), 'take-back: answered 500'],
    ['a person has promoted it', at(10, undefined, {}, { promoted: decision() }), 'step 100'],
    [
      'a person has promoted it, and it is bad',
      at(10, unhealthy, {}, { promoted: decision() }),
      'take-back: answered 500',
    ],
    [
      'inconclusive, and the policy is to wait (trap 22)',
      at(10, inconclusive, then('wait')),
      /^nothing: 10 % goes on/,
    ],
    ['inconclusive, and the policy is to go on (trap 22)', at(10, inconclusive, then('promote')), 'step 50'],
    [
      'inconclusive, and the policy is to roll back (trap 22)',
      at(10, inconclusive, then('roll-back')),
      /^take-back: inconclusive: too little is known \(the policy says to roll back then\)/,
    ],
    [
      'inconclusive, and the policy is to ask (trap 22)',
      at(10, inconclusive, then('ask')),
      /^nothing: 50 % waits for approval/,
    ],
    ['asked and answered', at(10, inconclusive, then('ask'), approved(50)), 'step 50'],
    [
      'waiting is not ended by an approval, but by a promotion',
      at(10, inconclusive, then('wait'), { promoted: decision() }),
      'step 100',
    ],
    [
      'inconclusive at 100 %: nothing is left to be compared with',
      at(100, inconclusive, then('wait')),
      'confirm',
    ],
    [
      'inconclusive at 100 %, and the policy is to roll back (trap 22)',
      at(100, inconclusive, then('roll-back')),
      /^take-back/,
    ],
    [
      '100 % needs approval',
      at(50, healthy, { rollout: { approve: [100] } }),
      'nothing: 100 % waits for approval',
    ],
    ['and has it', at(50, healthy, { rollout: { approve: [100] } }, approved(100)), 'step 100'],
    [
      'approval does not mend what is bad',
      at(50, unhealthy, { rollout: { approve: [100] } }, approved(100)),
      'take-back: answered 500',
    ],
  ])('%s', check);
});

function decision(): NonNullable<Release['promoted']> {
  return { at: '2026-01-03T01:00:00.000Z', by: 'ana', why: 'the fair opens' };
}

describe('somebody else', () => {
  const foreign = { [servingNth(1).revision]: 100 };
  test.each<Table[number]>([
    [
      'has changed the traffic: it is theirs now (trap 20)',
      { release: rolling(stepAt(10, healthy)), record: claimed(atTen), service: running(foreign) },
      'yield',
    ],
    [
      'has changed it before this release has had any (trap 12)',
      {
        release: verified(),
        record: claimed(atStable),
        service: running({ [servingNth(1).revision]: 100 }),
      },
      'yield',
    ],
    [
      'and the release that was under way is over',
      {
        release: rolling(stepAt(10, healthy)),
        record: claimed(atTen, frozen('takeover')),
        service: running(foreign),
      },
      'taken-over: wait for the migration',
    ],
    [
      'has changed it while a person has frozen the service: nobody minds',
      {
        release: rolling(stepAt(10, healthy)),
        record: claimed(atTen, frozen('person')),
        service: running(foreign),
      },
      /^nothing: the service is frozen/,
    ],
    [
      'has deployed "to the latest" (trap 9)',
      {
        release: verified(),
        record: claimed(atStable),
        service: running({}, { traffic: [{ revision: undefined, percent: 100, tag: undefined }] }),
      },
      'yield',
    ],
    [
      'has added a tag: that is no change of the traffic',
      {
        release: rolling(stepAt(10)),
        record: claimed(atTen),
        service: running(atTen, { traffic: [...targets(atTen), { revision: 'x', percent: 0, tag: 'v1' }] }),
      },
      /^nothing: 10 % is being watched/,
    ],
    [
      'a service that nobody has asked for anything may serve what it likes (trap 12)',
      { release: verified(), record: recordOf(), service: running(foreign) },
      'step 10',
    ],
  ])('%s', check);
});

describe('a release set', () => {
  const bad = (since: string): Case => ({
    release: inSet(rolling(stepAt(10, { ...unhealthy, at: since }))),
    record: claimed(atTen),
    service: running(atTen),
  });
  const justNow = '2026-01-04T23:59:50.000Z';
  const longAgo = '2026-01-04T23:59:00.000Z';
  const withdrawn = { at: longAgo, reason: 'db of the same commit is taken back: answered 500' };

  test.each<Table[number]>([
    [
      'waits until every member is verified',
      { release: inSet(verified()), set: [sibling('web', 'verifying')] },
      'nothing: web of the same commit comes first: it is verifying',
    ],
    [
      'waits until every member is built',
      { release: inSet(verified()), set: [sibling('web', 'verifying', { verdict: healthy })] },
      /^nothing: web of the same commit/,
    ],
    [
      'goes out in order: an earlier member is not live yet',
      { release: inSet(verified()), set: [sibling('db', 'rolling-out')] },
      'nothing: db of the same commit comes first: it is rolling-out',
    ],
    [
      'a member is built of the same commit, and has no record yet',
      { release: inSet(verified()), unrecorded: ['web'] },
      'nothing: web of the same commit comes first: there is no record of its build yet',
    ],
    ['an earlier member is live', { release: inSet(verified()), set: [sibling('db', 'live')] }, 'step 10'],
    [
      'a later member that is ready holds nothing up',
      { release: inSet(verified()), set: [built(sibling('web', 'verifying', { verdict: healthy }))] },
      'step 10',
    ],
    [
      'a member has failed: nobody goes',
      { release: inSet(verified()), set: [endedAt(sibling('web', 'failed'), '2026-01-03T00:05:00.000Z')] },
      'reject: web of the same commit, with which it goes out, is failed',
    ],
    [
      'a member had failed before this one was built anew: its rerun is awaited (trap 25)',
      { release: inSet(verified()), set: [endedAt(sibling('web', 'failed'), '2026-01-02T00:05:00.000Z')] },
      /^nothing: web of the same commit.* is failed; run its build again too/,
    ],
    [
      'one is bad: those with traffic are told first',
      { ...bad(justNow), set: [sibling('db', 'live'), sibling('web', 'rolling-out')] },
      'withdraw db, web: api of the same commit is taken back: answered 500',
    ],
    [
      'one is bad: those without traffic need not be told',
      { ...bad(justNow), set: [sibling('web', 'verifying')] },
      'take-back: answered 500',
    ],
    [
      'comes back in the reverse order: who went out later goes first',
      { ...bad(justNow), set: [sibling('web', 'rolling-out', { withdrawn })] },
      'settle',
    ],
    [
      'an earlier one is not waited for',
      { ...bad(justNow), set: [sibling('db', 'live', { withdrawn })] },
      'take-back: answered 500',
    ],
    [
      'a later one is not waited for without end',
      { ...bad(longAgo), set: [sibling('web', 'rolling-out', { withdrawn })] },
      'take-back: answered 500',
    ],
    [
      'a withdrawn one comes back, however well it is',
      {
        release: inSet(rolling(stepAt(10, healthy), { withdrawn })),
        record: claimed(atTen),
        service: running(atTen),
      },
      `take-back: ${withdrawn.reason}`,
    ],
    [
      'a withdrawn one that is live comes back too',
      {
        release: inSet(nthRelease(3, 'live', { withdrawn })),
        record: recordOf({ stable: servingNth(3), previousGood: servingNth(2) }),
        service: running(atAll),
      },
      `take-back: ${withdrawn.reason}`,
    ],
    [
      'a withdrawn one that was replaced meanwhile has nothing to give back',
      {
        release: inSet(nthRelease(3, 'live', { withdrawn })),
        record: recordOf({ stable: servingNth(4) }),
        service: running(atAll),
      },
      'nothing: it is live',
    ],
    [
      'the reason is passed on as it was first given',
      {
        release: inSet(rolling(stepAt(10, healthy), { withdrawn })),
        record: claimed(atTen),
        service: running(atTen),
        set: [sibling('web', 'live')],
      },
      `withdraw web: ${withdrawn.reason}`,
    ],
  ])('%s', check);
});

function endedAt(release: Release, at: string): Release {
  return { ...release, history: [...release.history, { at, stage: release.stage, reason: 'for the test' }] };
}

test('a release before verification has nothing to be planned for', () => {
  expect(short(planOf({ release: releaseAt('candidate') }))).toBe('nothing: it is candidate');
});
