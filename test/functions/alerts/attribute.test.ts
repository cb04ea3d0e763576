import { describe, expect, test } from '@jest/globals';
import { attribute, subjectOf, type Scene } from '../../../functions/alerts/attribute.ts';
import type { Incident } from '../../../functions/alerts/incident.ts';
import type { Release } from '../../../functions/release/release.ts';
import { newServiceRecord, type ServiceRecord } from '../../../functions/release/service-record.ts';
import { healthy, nthRelease, servingNth, unhealthy } from '../../support/release.ts';

/** Minutes past noon. */
const at = (minutes: number): string => new Date(Date.UTC(2026, 0, 5, 12, minutes)).toISOString();

const step = (percent: number, minutes: number, verdict = healthy): Release['steps'][number] => ({
  percent,
  askedAt: at(minutes),
  servingAt: at(minutes),
  verdict,
});
const live = (minutes: number): Pick<Release, 'history'> => ({
  history: [
    { at: at(minutes - 10), stage: 'rolling-out', reason: 'healthy' },
    { at: at(minutes), stage: 'live', reason: 'all is well' },
  ],
});

/** `3` has 50 % since noon and ten minutes, after 10 % at noon; `2` has been live for a day. */
const candidate = nthRelease(3, 'rolling-out', { steps: [step(10, 0), step(50, 10)] });
const stable = nthRelease(2, 'live', live(-1440));
const revision = candidate.candidate?.revision ?? '';
const stableRevision = stable.candidate?.revision ?? '';

const record: ServiceRecord = {
  ...newServiceRecord('api'),
  stable: servingNth(2),
  rollingOut: { release: candidate.id, order: '' },
};
const scene: Scene = {
  record,
  rollingOut: candidate,
  stable,
  named: undefined,
  now: new Date(at(20)),
};
const rolling = (part: Partial<ServiceRecord> = {}, other: Partial<Scene> = {}): Scene => ({
  ...scene,
  record: { ...record, ...part },
  ...other,
});
/** Nothing is rolled out; `2` went live at noon. */
const quiet = (part: Partial<ServiceRecord> = {}, release: Partial<Release> = {}): Scene => ({
  ...scene,
  record: { ...newServiceRecord('api'), stable: servingNth(2), ...part },
  rollingOut: undefined,
  stable: nthRelease(2, 'live', { ...live(0), ...release }),
});

interface Alarm {
  readonly minutes: number;
  readonly revision?: string;
  readonly label?: boolean;
}
const incident = ({ minutes, label = false }: Alarm): Incident => ({
  id: '0.x',
  state: 'open',
  startedAt: at(minutes),
  policy: 'API answers with errors',
  summary: '3.2 a second',
  asksForRollback: label,
});
const judge = (alarm: Alarm, on: Scene): ReturnType<typeof attribute> =>
  attribute(
    incident(alarm),
    { service: 'api', ...(alarm.revision === undefined ? {} : { revision: alarm.revision }) },
    on,
  );

const reason = 'alert "API answers with errors": 3.2 a second';
const spokenAgainst = {
  kind: 'release',
  release: { service: 'api', id: candidate.id },
  seen: {
    kind: 'step-verdict',
    percent: 50,
    verdict: { verdict: 'unhealthy', reasons: [reason], at: at(20) },
  },
};
const withdrawn = {
  kind: 'release',
  release: { service: 'api', id: stable.id },
  seen: { kind: 'withdrawn', reason },
};
const frozen = { at: at(5), by: 'ana', why: 'a sale', cause: 'person' } as const;
const held = { at: at(5), release: 'x', commit: 'c', digest: 'd', reason: 'bad' };

describe('an alert is attributed', () => {
  test.each<[string, Alarm, Scene, object]>([
    ['to the candidate that it names', { minutes: 12, revision }, rolling(), spokenAgainst],
    [
      'to the candidate that it names, from before its traffic on',
      { minutes: -5, revision },
      rolling(),
      spokenAgainst,
    ],
    [
      'to the candidate that it names, although people have stopped',
      { minutes: 12, revision },
      rolling({ frozen }),
      spokenAgainst,
    ],
    [
      'to what rolls out, when its policy asks for it',
      { minutes: 12, label: true },
      rolling(),
      spokenAgainst,
    ],
    ['to what rolls out, from its first traffic on', { minutes: 0, label: true }, rolling(), spokenAgainst],
    ['to the live release that it names', { minutes: 30, revision: stableRevision }, quiet(), withdrawn],
    [
      'to the live release that it names, from before it was live on',
      { minutes: -3, revision: stableRevision },
      quiet(),
      withdrawn,
    ],
    [
      'to the release that has just gone live, when its policy asks for it',
      { minutes: 30, label: true },
      quiet(),
      withdrawn,
    ],
    [
      'to what has just gone live, when what rolls out came later than the alert',
      { minutes: 5, label: true },
      rolling(
        {},
        { stable: nthRelease(2, 'live', live(0)), rollingOut: { ...candidate, steps: [step(10, 15)] } },
      ),
      withdrawn,
    ],
    [
      'to what rolls out again, long after a rollback',
      { minutes: 16, label: true },
      rolling({ quarantine: [held] }),
      spokenAgainst,
    ],
    [
      'to a release that has heard of it already',
      { minutes: 12, revision },
      rolling({}, { rollingOut: { ...candidate, steps: [step(50, 0, unhealthy)] } }),
      { kind: 'known', release: { service: 'api', id: candidate.id } },
    ],
    [
      'to a live release that is coming back already',
      { minutes: 12, revision: stableRevision },
      quiet({}, { withdrawn: { at: at(12), reason: 'x' } }),
      { kind: 'known', release: { service: 'api', id: stable.id } },
    ],
  ])('%s', (_, alarm, on, expected) => {
    expect(judge(alarm, on)).toEqual(expected);
  });
});

describe('an alert is not attributed', () => {
  const request = { revision: stableRevision, by: 'ana', why: 'bad', at: at(11) };
  test.each<[string, Alarm, Scene, RegExp]>([
    [
      'when it names no revision and nobody asks for it',
      { minutes: 12 },
      rolling(),
      /no user label slipway: rollback/,
    ],
    [
      'to a candidate that came later than the alert',
      { minutes: -1, label: true },
      rolling(),
      /had been live for 23 h 59 min when it began/,
    ],
    [
      'to a candidate without traffic',
      { minutes: 12, label: true },
      rolling({}, { rollingOut: nthRelease(3, 'verifying') }),
      /had been live for 1 d when it began/,
    ],
    [
      'to the stable revision while another rolls out',
      { minutes: 12, revision: stableRevision },
      rolling(),
      /had been live for 1 d when it began/,
    ],
    [
      'to a release that has been live for long',
      { minutes: 31, revision: stableRevision },
      quiet(),
      /31 min when it began/,
    ],
    [
      'to a release that has been live for long, by its label',
      { minutes: 31, label: true },
      quiet(),
      /31 min when it began/,
    ],
    [
      'to a live release of a frozen service',
      { minutes: 12, revision: stableRevision },
      quiet({ frozen }),
      /frozen: a sale/,
    ],
    [
      'without a revision to a frozen service',
      { minutes: 12, label: true },
      rolling({ frozen }),
      /frozen: a sale/,
    ],
    [
      'while a person rolls back',
      { minutes: 12, label: true },
      rolling({ rollbackRequest: request }),
      /being rolled back: bad/,
    ],
    [
      'to the next in line, when it may be about what was taken back (trap 35)',
      { minutes: 4, label: true },
      quiet({ quarantine: [held] }),
      /rolled back at 2026-01-05T12:05:00/,
    ],
    [
      'to the next in line, for as long as metrics lag behind a rollback (trap 35)',
      { minutes: 14, label: true },
      rolling({ quarantine: [held] }),
      /rolled back at 2026-01-05T12:05:00/,
    ],
    [
      'to what a person has gone back to (trap 20)',
      { minutes: 14, label: true },
      quiet({ rolledBackAt: at(5) }),
      /rolled back at 2026-01-05T12:05:00/,
    ],
    [
      "to a revision that is none of the pipeline's",
      { minutes: 12, revision },
      quiet({}, {}),
      /no revision that this pipeline has released/,
    ],
    [
      'to a release that was taken back already (trap 35)',
      { minutes: 12, revision },
      { ...quiet(), named: nthRelease(3, 'rolled-back') },
      /is of release 3333333-33333333, which is rolled-back/,
    ],
    [
      'to a service that was taken over while its first release rolled out',
      { minutes: 12, label: true },
      {
        ...scene,
        record: newServiceRecord('api'),
        rollingOut: nthRelease(3, 'cancelled'),
        stable: undefined,
      },
      /no release of api that had traffic/,
    ],
    [
      'to a service of which nothing was released',
      { minutes: 12, revision: 'api-00001-abc' },
      { ...scene, record: newServiceRecord('api'), rollingOut: undefined, stable: undefined },
      /has released nothing of api/,
    ],
  ])('%s', (_, alarm, on, why) => {
    expect(judge(alarm, on)).toEqual({ kind: 'none', why: expect.stringMatching(why) });
  });
});

describe('an incident is about', () => {
  const home = { project: 'p', region: 'europe-west1' };
  const about = (type: string, labels: Record<string, string>): ReturnType<typeof subjectOf> =>
    subjectOf({ ...incident({ minutes: 0 }), resource: { type, labels } }, home);

  test.each<[string, Record<string, string>, object]>([
    ['a revision', { service_name: 'api', revision_name: 'api-1' }, { service: 'api', revision: 'api-1' }],
    ['a service', { service_name: 'api' }, { service: 'api' }],
    ['a service, its revision left empty', { service_name: 'api', revision_name: '' }, { service: 'api' }],
    [
      'a service of this place',
      { service_name: 'api', project_id: 'p', location: 'europe-west1' },
      { service: 'api' },
    ],
  ])('%s', (_, labels, subject) => {
    expect(about('cloud_run_revision', labels)).toEqual({ ok: true, subject });
  });

  test.each<[string, string, Record<string, string>, RegExp]>([
    ['another resource', 'gce_instance', { zone: 'z' }, /about gce_instance/],
    ['no service', 'cloud_run_revision', { location: 'europe-west1' }, /names no service/],
    ['another project', 'cloud_run_revision', { service_name: 'api', project_id: 'q' }, /project q/],
    [
      'another region',
      'cloud_run_revision',
      { service_name: 'api', location: 'us-central1' },
      /region us-central1/,
    ],
  ])('nothing of ours: %s', (_, type, labels, why) => {
    expect(about(type, labels)).toEqual({ ok: false, why: expect.stringMatching(why) });
  });

  test('nothing of ours: no resource', () => {
    expect(subjectOf(incident({ minutes: 0 }), home)).toMatchObject({ ok: false });
  });
});
