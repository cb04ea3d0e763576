import { expect, test } from '@jest/globals';
import type { ServiceRecord } from '../../../functions/release/service-record.ts';
import { newServiceRecord } from '../../../functions/release/service-record.ts';
import { createStyle, visibleLength } from '../../../scripts/cli/style.ts';
import { overview, type Parked } from '../../../scripts/status/overview.ts';
import { serviceState } from '../../../scripts/status/service-state.ts';
import { at, older, serving, withStable } from '../../support/told-releases.ts';

const plain = createStyle(false);
const shares = [
  { revision: 'api-3f2a1bc-0d97c63e', percent: 25 },
  { revision: older, percent: 75 },
];
const full: ServiceRecord = withStable({
  previousGood: serving('api-1111111-22222222', at(-200_000)),
  frozen: { at: at(10), by: 'Grace', why: 'an incident elsewhere', cause: 'person' },
  rollbackRequest: { revision: older, by: 'Ada', why: 'it is slow', at: at(20) },
  quarantine: [
    { at: at(0), release: 'r', commit: 'c'.repeat(40), digest: `sha256:${'d'.repeat(64)}`, reason: 'errors' },
  ],
  schemaFloor: { version: 4, release: '3f2a1bc-0d97c63e', at: at(0) },
  log: Array.from({ length: 30 }, (_, index) => ({
    at: at(index),
    what: `entry ${index}`,
    by: 'Ada',
    why: 'because',
  })),
});

const state = (record: ServiceRecord, columns = 100): string =>
  serviceState(record, shares, 'https://api.example', columns, plain).join('\n');

test('the state of a service says what serves and what stands in its way', () => {
  const text = state(full);
  expect(text).toContain(`  serves          ${older} 75 %, api-3f2a1bc-0d97c63e 25 %`);
  expect(text).toContain(`  stable          ${older}, commit 0c11d5e, since 2025-12-31 09:00:00 UTC`);
  expect(text).toContain('  frozen          by Grace since 2026-01-01 09:00:10 UTC: an incident elsewhere');
  expect(text).toContain('npm run release -- api lets it go on');
  expect(text).toContain('asked for by Ada at 2026-01-01 09:00:20 UTC, not done');
  expect(text).toContain('  quarantine      commit ccccccc, sha256:dddddddddddd, since');
  expect(text).toContain('  schema floor    4, since release 3f2a1bc-0d97c63e');
});

test('of the log it shows the last entries, newest last', () => {
  const entries = state(full).match(/entry \d+/g);
  expect(entries).toEqual([22, 23, 24, 25, 26, 27, 28, 29].map((index) => `entry ${index}`));
});

test('a service that has released nothing says so', () => {
  const text = serviceState(newServiceRecord('api'), [], '', 80, plain).join('\n');
  expect(text).toContain('no traffic');
  expect(text).toContain('no release yet');
  expect(text).not.toMatch(/frozen|quarantine|schema floor|log/);
});

test.each([40, 60, 100])('%i columns are enough for it', (columns) => {
  const longest = Math.max(...state(full, columns).split('\n').map(visibleLength));
  expect(longest).toBeLessThanOrEqual(columns);
});

const view = { name: 'api', record: full, serving: shares, url: 'https://api.example' };
const overviewAt = (
  columns: number,
  parked: Parked = { counts: { deadLetters: 0, quarantined: 0 } },
): string[] => overview([view], parked, { columns, tableColumns: columns }, plain);

test('the overview is a table where there is room, and a list where there is not', () => {
  expect(overviewAt(200)[0]).toMatch(/^service +stable +traffic/);
  const narrow = overviewAt(60);
  expect(narrow[0]).toBe('api');
  expect(Math.max(...narrow.slice(0, 5).map(visibleLength))).toBeLessThanOrEqual(60);
});

test.each<[Parked, string]>([
  [{ counts: { deadLetters: 0, quarantined: 0 } }, ''],
  [{ counts: { deadLetters: 1, quarantined: 0 } }, '1 dead letter: npm run replay -- --list'],
  [
    { counts: { deadLetters: 2, quarantined: 3 } },
    '2 dead letters and 3 messages that could not be read: npm run replay -- --list',
  ],
  [
    { counts: { deadLetters: 0, quarantined: 0 }, problem: 'no such subscription' },
    'dead letters could not be counted: no such subscription',
  ],
])('messages that nobody works on: %j', (parked, expected) => {
  const last = overviewAt(200, parked).at(-1);
  expect(last).toBe(
    expected === '' ? 'api is frozen by Grace: an incident elsewhere (npm run status -- api)' : expected,
  );
});
