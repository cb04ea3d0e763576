import { describe, expect, test } from '@jest/globals';
import { parseCron } from '../../../local/scheduler/cron.ts';
import { nextRun } from '../../../local/scheduler/next-run.ts';

/** The next runs after `after`, in UTC. */
function runs(schedule: string, timeZone: string, after: string, count = 3): string[] {
  const cron = parseCron(schedule);
  const found: string[] = [];
  let instant = Date.parse(after);
  while (found.length < count) {
    instant = nextRun(cron, timeZone, instant);
    found.push(new Date(instant).toISOString().slice(0, 16));
  }
  return found;
}

describe('nextRun', () => {
  test.each<[string, string, string[]]>([
    ['* * * * *', '2026-03-02T10:00:30Z', ['2026-03-02T10:01', '2026-03-02T10:02', '2026-03-02T10:03']],
    ['* * * * *', '2026-03-02T10:00:00Z', ['2026-03-02T10:01', '2026-03-02T10:02', '2026-03-02T10:03']],
    ['*/20 * * * *', '2026-03-02T10:45:00Z', ['2026-03-02T11:00', '2026-03-02T11:20', '2026-03-02T11:40']],
    ['5/30 9-10 * * *', '2026-03-02T09:00:00Z', ['2026-03-02T09:05', '2026-03-02T09:35', '2026-03-02T10:05']],
    ['0 0 1 * *', '2026-12-15T00:00:00Z', ['2027-01-01T00:00', '2027-02-01T00:00', '2027-03-01T00:00']],
    ['0 9 * * mon-fri', '2026-03-06T10:00:00Z', ['2026-03-09T09:00', '2026-03-10T09:00', '2026-03-11T09:00']],
    ['0 9 * * 7', '2026-03-02T10:00:00Z', ['2026-03-08T09:00', '2026-03-15T09:00', '2026-03-22T09:00']],
    ['0 0 13 * FRI', '2026-03-02T00:00:00Z', ['2026-03-06T00:00', '2026-03-13T00:00', '2026-03-20T00:00']],
    ['0 12 31 * *', '2026-03-02T00:00:00Z', ['2026-03-31T12:00', '2026-05-31T12:00', '2026-07-31T12:00']],
    ['0 0 29 2 *', '2026-03-02T00:00:00Z', ['2028-02-29T00:00', '2032-02-29T00:00', '2036-02-29T00:00']],
    [
      '30 6 1 jan,jul *',
      '2026-03-02T00:00:00Z',
      ['2026-07-01T06:30', '2027-01-01T06:30', '2027-07-01T06:30'],
    ],
  ])('%s after %s', (schedule, after, expected) => {
    expect(runs(schedule, 'UTC', after)).toEqual(expected);
  });

  test.each<[string, string, string, string[]]>([
    [
      'in winter and summer',
      '0 9 * * *',
      '2026-03-27T12:00:00Z',
      ['2026-03-28T08:00', '2026-03-29T07:00', '2026-03-30T07:00'],
    ],
    [
      'in the hour that is skipped',
      '30 2 * * *',
      '2026-03-28T00:00:00Z',
      ['2026-03-28T01:30', '2026-03-30T00:30', '2026-03-31T00:30'],
    ],
    [
      'in the hour that is repeated',
      '30 2 * * *',
      '2026-10-24T12:00:00Z',
      ['2026-10-25T00:30', '2026-10-25T01:30', '2026-10-26T01:30'],
    ],
    [
      'over the repeated hour',
      '0 * * * *',
      '2026-10-24T23:30:00Z',
      ['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00'],
    ],
    [
      'at midnight after a change',
      '0 0 * * *',
      '2026-03-28T12:00:00Z',
      ['2026-03-28T23:00', '2026-03-29T22:00', '2026-03-30T22:00'],
    ],
  ])('in Berlin %s', (_name, schedule, after, expected) => {
    expect(runs(schedule, 'Europe/Berlin', after)).toEqual(expected);
  });

  test.each<[string, string, string[]]>([
    ['Asia/Kathmandu', '0 8 * * *', ['2026-03-02T02:15', '2026-03-03T02:15', '2026-03-04T02:15']],
    ['Australia/Lord_Howe', '0 0 * * *', ['2026-03-02T13:00', '2026-03-03T13:00', '2026-03-04T13:00']],
    ['America/New_York', '0 22 * * *', ['2026-03-02T03:00', '2026-03-03T03:00', '2026-03-04T03:00']],
  ])('in %s', (timeZone, schedule, expected) => {
    expect(runs(schedule, timeZone, '2026-03-02T00:00:00Z')).toEqual(expected);
  });

  test('is quick, even when the next run is years away', () => {
    const started = performance.now();
    runs('0 0 29 2 mon', 'Europe/Berlin', '2026-03-02T00:00:00Z', 1);
    runs('0 0 29 2 *', 'America/New_York', '2028-03-01T00:00:00Z', 1);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  test('an unknown time zone is named', () => {
    expect(() => runs('* * * * *', 'Mars/Olympus', '2026-03-02T00:00:00Z')).toThrow(/Mars\/Olympus/);
  });
});

test.each([
  ['* * * *', /five fields/],
  ['every 5 minutes', /five fields/],
  ['60 * * * *', /minute '60'/],
  ['* 24 * * *', /hour '24'/],
  ['* * 0 * *', /day of the month '0'/],
  ['* * * foo *', /month 'foo'/],
  ['* * * * 8', /day of the week '8'/],
  ['5-1 * * * *', /ends before it begins/],
  ['*/0 * * * *', /step/],
  ['1-2-3 * * * *', /no range/],
  ['*-5 * * * *', /no range/],
  [', * * * *', /minute ''/],
  ['0 0 30 2 *', /no month has such a day/],
])('parseCron refuses %s', (schedule, message) => {
  expect(() => parseCron(schedule)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) as unknown }),
  );
});
