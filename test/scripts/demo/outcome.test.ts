import { describe, expect, test } from '@jest/globals';
import type { BuildStep, CloudBuild } from '../../../functions/platform/cloud-build.ts';
import type { Release, Verdict } from '../../../functions/release/release.ts';
import { summaryMarkdown } from '../../../scripts/builder/summary-markdown.ts';
import type { Gate } from '../../../scripts/builder/summary.ts';
import { createStyle } from '../../../scripts/cli/style.ts';
import { doingInWords, newsOf, renderBoard, type Row } from '../../../scripts/demo/board.ts';
import { demoCommits, type DemoCommit, type Expected } from '../../../scripts/demo/commits.ts';
import { failedGatesIn, failuresIn, firstFinding } from '../../../scripts/demo/gate-reports.ts';
import { allAsExpected, outcomeTable } from '../../../scripts/demo/outcome-table.ts';
import {
  failedInGates,
  hasEnded,
  isAsExpected,
  outcomeOf,
  viewOf,
  type Outcome,
} from '../../../scripts/demo/outcome.ts';
import type { BuildView } from '../../../scripts/watch/snapshot.ts';
import { releaseAt } from '../../support/release.ts';

const style = createStyle(false);
const commit = (changes: Partial<DemoCommit> = {}): DemoCommit => {
  const [first] = demoCommits;
  if (!first) throw new Error('the demo has no commits');
  return { ...first, name: 'x', subject: 'Change it', to: 'main', service: 'api', ...changes };
};

interface Seen {
  readonly purpose?: 'checks' | 'release';
  readonly service?: string;
  readonly status?: CloudBuild['status'];
  readonly steps?: readonly (readonly [id: string, status: BuildStep['status']])[];
  readonly release?: Release;
}
function view({
  purpose = 'release',
  service = 'api',
  status = 'SUCCESS',
  steps = [],
  release,
}: Seen): BuildView {
  const build = {
    id: 'b',
    status,
    steps: steps.map(([id, each]) => ({ id, status: each, exitCode: undefined, seconds: undefined })),
    createTime: '2026-01-01T00:00:00Z',
  } as unknown as CloudBuild;
  return { service, purpose, build, release, percent: 20, url: '' };
}
const healthy: Verdict = { verdict: 'healthy', reasons: ['well'], at: '2026-01-01T00:00:00Z' };
const unhealthy: Verdict = { ...healthy, verdict: 'unhealthy', reasons: ['crashed at start'] };

describe('outcomeOf', () => {
  const inGates = [
    ['secrets', 'FAILURE'],
    ['results', 'FAILURE'],
    ['push', 'QUEUED'],
  ] as const;
  const atLoad = [
    ['results', 'SUCCESS'],
    ['k6', 'FAILURE'],
    ['load', 'FAILURE'],
  ] as const;
  const cases: readonly [string, Seen, readonly string[] | undefined, Outcome][] = [
    ['gates', { status: 'FAILURE', steps: inGates }, ['secrets'], { kind: 'caught', by: ['secrets'] }],
    [
      'gates without a summary',
      { status: 'FAILURE', steps: inGates },
      [],
      { kind: 'caught', by: ['results'] },
    ],
    ['a step behind them', { status: 'FAILURE', steps: atLoad }, undefined, { kind: 'caught', by: ['load'] }],
    ['nothing that is known', { status: 'EXPIRED' }, undefined, { kind: 'other', how: 'build expired' }],
    ['no gate of a branch', { purpose: 'checks' }, undefined, { kind: 'other', how: 'checks passed' }],
    [
      'verification',
      { release: releaseAt('failed', { verdict: unhealthy }) },
      undefined,
      { kind: 'caught', by: ['verification'] },
    ],
    [
      'verification, and a step that waited for the candidate',
      {
        status: 'FAILURE',
        steps: [['load-plan', 'FAILURE']],
        release: releaseAt('failed', { verdict: unhealthy }),
      },
      undefined,
      { kind: 'caught', by: ['verification', 'load-plan'] },
    ],
    ['nothing: live', { release: releaseAt('live', { verdict: healthy }) }, undefined, { kind: 'live' }],
    [
      'nothing: overtaken',
      { release: releaseAt('superseded', { verdict: healthy }) },
      undefined,
      { kind: 'other', how: 'superseded' },
    ],
  ];
  test.each(cases)('caught by %s', (_by, seen, gates, expected) => {
    expect(outcomeOf(view(seen), gates)).toEqual(expected);
    expect(failedInGates(view(seen))).toBe(seen.steps === inGates);
  });
});

describe('isAsExpected', () => {
  const caught = (...by: string[]): Outcome => ({ kind: 'caught', by });
  const load: Expected = { kind: 'caught', by: ['load'] };
  const cases: readonly [Outcome, Expected, readonly string[], boolean][] = [
    [caught('load'), load, [], true],
    [caught('unit', 'load'), load, [], true],
    [caught('unit'), load, [], false],
    [caught('verification'), load, [], false],
    [caught('load-plan'), { kind: 'caught', by: ['verification', 'load-plan'] }, [], true],
    [{ kind: 'live' }, load, [], false],
    [{ kind: 'live' }, { kind: 'live' }, [], true],
    [{ kind: 'live' }, { kind: 'live', warning: /x/ }, [], false],
    [{ kind: 'live' }, { kind: 'live', warning: /x/ }, ['x'], true],
    [caught('live'), { kind: 'live' }, [], false],
    [{ kind: 'other', how: 'checks passed' }, load, [], false],
  ];
  test.each(cases)('%j, when %j was wanted, with warnings %j: %s', (outcome, expected, warnings, good) => {
    expect(isAsExpected(outcome, { expected }, warnings)).toBe(good);
  });
});

describe('viewOf and hasEnded', () => {
  const snapshot = (...builds: BuildView[]) => ({ commit: 'c', builds, statuses: [] });
  test.each([
    ['no build yet', snapshot(), false],
    ['only that of another service', snapshot(view({ service: 'web', purpose: 'checks' })), false],
    ['checks under way', snapshot(view({ purpose: 'checks', status: 'WORKING' })), false],
    ['checks that have ended', snapshot(view({ purpose: 'checks', status: 'FAILURE' })), true],
  ])('of a branch: %s', (_what, seen, ended) => {
    expect(hasEnded(seen, commit({ to: 'branch' }))).toBe(ended);
  });

  test('of main: all releases of the commit', () => {
    const live = view({ release: releaseAt('live') });
    const rolling = view({ service: 'web', release: releaseAt('rolling-out') });
    expect(hasEnded(snapshot(live), commit())).toBe(true);
    expect(hasEnded(snapshot(live, rolling), commit())).toBe(false);
    expect(viewOf(snapshot(rolling, live), commit())).toBe(live);
  });
});

describe('what a gate said, out of its reports', () => {
  const failed = (name: string, notes?: Gate['notes']): Gate => ({
    name,
    outcome: { kind: 'ended', exitCode: 1, seconds: 1 },
    ...(notes ? { notes } : {}),
  });
  const page = summaryMarkdown(
    {
      folder: 'services/api',
      gates: [
        failed('typecheck', {
          places: [{ file: 'services/api/src/a.ts', line: 3, message: 'TS2322: `string` is no number' }],
          more: 0,
          flaky: [],
        }),
        failed('secrets'),
        { name: 'lint', outcome: { kind: 'ended', exitCode: 0, seconds: 1 } },
      ],
      reports: [
        {
          name: 'security',
          thresholds: {},
          tests: [
            {
              name: 'secrets › a key',
              outcome: 'failed',
              seconds: 0,
              file: 'services/api/src/b.ts',
              line: 7,
              message: 'a Google API key',
            },
          ],
        },
      ],
      files: [],
    },
    '/workspace',
  );

  test('which have failed', () => {
    expect(failedGatesIn(page)).toEqual(['typecheck', 'secrets']);
    expect(failedGatesIn('# nothing')).toEqual([]);
  });

  test.each([
    ['typecheck', "services/api/src/a.ts:3 TS2322: 'string' is no number"],
    ['secrets', 'secrets › a key at services/api/src/b.ts:7: a Google API key'],
  ])('of %s', (gate, expected) => {
    expect(firstFinding(page, gate)).toBe(expected);
  });

  test('of one with a report of its own', () => {
    const junit =
      '<testsuites><testsuite name="thresholds"><testcase name="a"/><testcase name="p(95)"><failure message="measured 2003 ms"/></testcase></testsuite></testsuites>';
    expect(failuresIn(junit)).toEqual(['thresholds › p(95) measured 2003 ms']);
  });
});

describe('the table', () => {
  const told = {
    outcome: { kind: 'caught', by: ['unit'] },
    github: 'It failed',
    own: 'a.ts:1',
    speaker: 'unit',
    warnings: [],
  } as const;
  const done = (expected: Expected, sha = 'abcdef0123'): Row => ({
    commit: commit({ expected }),
    state: 'done',
    sha,
    seconds: 12.34,
    told,
  });
  const good = done({ kind: 'caught', by: ['unit'] });
  const bad = done({ kind: 'caught', by: ['load'] });
  const skipped: Row = { commit: commit({ name: 'page' }), state: 'skipped', why: 'no browser' };
  const running: Row = { commit: commit(), state: 'running', sha: 'a', seconds: 3.4, doing: 'lint, unit' };

  test('says what caught each commit, after how long, in whose words', () => {
    expect(outcomeTable([good, bad, skipped], style)).toEqual([
      '   commit   name  change       after  outcome',
      '✓  abcdef0  x     Change it   12.3 s  caught by unit',
      '   GitHub: It failed',
      '   unit: a.ts:1',
      '✗  abcdef0  x     Change it   12.3 s  caught by unit, and not caught by load',
      '   GitHub: It failed',
      '   unit: a.ts:1',
      '–  –        page  Change it           skipped: no browser',
    ]);
  });

  test.each([
    [[good, skipped], true],
    [[good, bad], false],
    [[good, running], false],
    [[good, { commit: commit(), state: 'waiting' } satisfies Row], false],
  ])('%#: all as expected', (rows, expected) => {
    expect(allAsExpected(rows)).toBe(expected);
  });

  test('the board counts commits, time and requests', () => {
    const lines = renderBoard(
      { rows: [good, running, skipped], elapsedSeconds: 20, expectedSeconds: 120, requests: 9, failed: 0 },
      style,
    );
    expect(lines[0]).toBe('2 of 3 commits  20 s of about 2.0 min  9 requests, 0 failed');
    expect(lines[3]).toBe('●  x     Change it      3 s  lint, unit');
  });

  test('a log has a line where something is new', () => {
    expect(newsOf(running, undefined, style)).toBe('● x            lint, unit');
    expect(newsOf({ ...running, seconds: 9 }, running, style)).toBeUndefined();
    expect(newsOf(good, running, style)).toBe('✓ x            caught by unit  12.3 s');
  });

  test.each([
    [undefined, 'pushed'],
    [
      view({
        status: 'WORKING',
        steps: [
          ['lint', 'WORKING'],
          ['unit', 'WORKING'],
        ],
      }),
      'lint, unit',
    ],
    [view({ status: 'QUEUED' }), 'queued'],
    [view({ release: releaseAt('rolling-out') }), 'rolling out, 20 %'],
  ])('%#: what it is at', (seen, expected) => {
    expect(doingInWords(seen)).toBe(expected);
  });
});
