import { describe, expect, test } from '@jest/globals';
import {
  measuredAfterMinutes,
  reportedAfterSeconds as reportedLag,
  type Monitoring,
  type RevisionAnswers,
} from '../../../functions/platform/monitoring.ts';
import type { EvidenceStretch } from '../../../functions/release/evidence.ts';
import { latencyBoundsMs } from '../../../functions/verdict/latency-bounds.ts';
import {
  nextStretch,
  unreadWindow,
  type CountedBy,
  type Window,
} from '../../../functions/verification/stretches.ts';
import { nthRelease } from '../../support/release.ts';

const measuredLag = measuredAfterMinutes * 60;
const start = Date.parse('2026-02-01T12:00:00.000Z');
const time = (second: number): Date => new Date(start + second * 1000);
const at = (second: number): string => time(second).toISOString();
const sides = { candidate: 'new', stable: 'old' };
const since = (second: number, part: Partial<Window> = {}): Window => ({
  from: time(second),
  to: undefined,
  sides,
  ...part,
});

const counted = (revision: string, total: number, part: Partial<RevisionAnswers> = {}): RevisionAnswers => ({
  revision,
  total,
  errors: 0,
  latency: [],
  boundsMs: [],
  ...part,
});

/** One answer a second of each revision, as far as it is complete by now. */
function monitoring(options: {
  reporting?: readonly string[];
  measuring?: readonly string[];
  answer?: (revision: string, seconds: number) => RevisionAnswers;
}): Monitoring & { readonly asked: string[] } {
  const { reporting = [], measuring = [], answer = counted } = options;
  const asked: string[] = [];
  const read =
    (source: string, revisions: readonly string[]) => async (_service: string, from: Date, to: Date) => {
      asked.push(`${source} ${(from.getTime() - start) / 1000}-${(to.getTime() - start) / 1000}`);
      return revisions.map((revision) => answer(revision, (to.getTime() - from.getTime()) / 1000));
    };
  return { asked, reported: read('reported', reporting), measured: read('measured', measuring) };
}

describe('the next stretch', () => {
  test.each<
    [string, string[], string[], number, string[], [number, number] | undefined, CountedBy | undefined]
  >([
    ['too early for anything', ['new', 'old'], [], reportedLag + 4, [], undefined, undefined],
    ['both report', ['new', 'old'], [], reportedLag + 5, ['reported 0-5'], [0, 5], 'instances'],
    [
      'both report, much later',
      ['new', 'old'],
      [],
      reportedLag + 485,
      ['reported 0-485'],
      [0, 485],
      'instances',
    ],
    [
      'only the candidate reports: the other would seem idle',
      ['new'],
      ['new', 'old'],
      reportedLag + 45,
      ['reported 0-45'],
      undefined,
      'cloud-run',
    ],
    [
      'only stable reports',
      ['old'],
      ['new', 'old'],
      reportedLag + 45,
      ['reported 0-45'],
      undefined,
      'cloud-run',
    ],
    [
      'nobody reports: what Cloud Run measures, once it is complete',
      [],
      ['new', 'old'],
      measuredLag + 10,
      [`reported 0-${measuredLag + 10 - reportedLag}`, 'measured 0-10'],
      [0, 10],
      'cloud-run',
    ],
  ])('%s', async (_, reporting, measuring, now, asked, expected, countedBy) => {
    const source = monitoring({ reporting, measuring });
    const { stretch, by } = await nextStretch(source, 'api', since(0), time(now));
    expect(source.asked).toEqual(asked);
    expect(by).toBe(countedBy);
    expect(stretch && [stretch.from, stretch.to]).toEqual(expected?.map(at));
  });

  test('without a stable side the candidate alone is enough', async () => {
    const source = monitoring({ reporting: ['new', 'old'] });
    const window = since(0, { sides: { candidate: 'new', stable: undefined } });
    const { stretch } = await nextStretch(source, 'api', window, time(reportedLag + 45));
    expect(stretch).toMatchObject({ candidate: { total: 45 } });
    expect(stretch).not.toHaveProperty('stable');
  });

  test('a side of which nothing is measured has answered nothing (trap 22)', async () => {
    const { stretch } = await nextStretch(
      monitoring({ measuring: ['old'] }),
      'api',
      since(0),
      time(measuredLag + 100),
    );
    expect(stretch).toMatchObject({ candidate: { total: 0, errors: 0 }, stable: { total: 100 } });
    expect(stretch?.candidate.latency).toHaveLength(latencyBoundsMs.length + 1);
  });

  test('a window that has ended is read to its end, however short the rest is', async () => {
    const source = monitoring({ reporting: ['new', 'old'] });
    const window = since(0, { to: time(2) });
    expect((await nextStretch(source, 'api', window, time(reportedLag + 1))).stretch).toBeUndefined();
    expect((await nextStretch(source, 'api', window, time(reportedLag + 3))).stretch).toMatchObject({
      to: at(2),
    });
    expect(source.asked).toEqual(['reported 0-2']);
  });

  test.each([
    ['reported', ['new', 'old'], reportedLag],
    ['measured', [], measuredLag],
  ] as const)('read on and on, every answer is counted once: %s', async (_, reporting, lag) => {
    const source = monitoring({ reporting, measuring: ['new', 'old'] });
    let from = 0;
    const stretches: EvidenceStretch[] = [];
    for (let now = 0; now <= 900; now += 7) {
      const { stretch } = await nextStretch(source, 'api', since(from), time(now));
      if (!stretch) continue;
      stretches.push(stretch);
      from = (Date.parse(stretch.to) - start) / 1000;
    }
    expect(stretches.length).toBeGreaterThan(10);
    expect(stretches[0]?.from).toBe(at(0));
    expect(stretches.slice(1).map(({ from: each }) => each)).toEqual(
      stretches.slice(0, -1).map(({ to }) => to),
    );
    expect(stretches.reduce((sum, { candidate }) => sum + candidate.total, 0)).toBe(from);
    expect(from).toBe(Math.floor(900 / 7) * 7 - lag);
  });

  test('buckets of another scale go where their upper bound falls', async () => {
    const answer = (revision: string): RevisionAnswers =>
      counted(revision, 6, { boundsMs: [1, 95, 100_000], latency: [1, 2, 2, 1] });
    const { stretch } = await nextStretch(
      monitoring({ reporting: ['new', 'old'], answer }),
      'api',
      since(0),
      time(60),
    );
    const { latency } = stretch?.candidate ?? { latency: [] };
    const filled = latency.flatMap((count, bucket) =>
      count > 0 ? [[latencyBoundsMs[bucket] ?? Infinity, count]] : [],
    );
    expect(filled).toEqual([
      [1, 1],
      [100, 2],
      [Infinity, 3],
    ]);
    expect(stretch?.stable?.latency).toEqual(latency);
  });
});

describe('what is still to be read of a release', () => {
  const steps = [
    { percent: 10, askedAt: at(0), servingAt: at(4) },
    { percent: 50, askedAt: at(100), servingAt: at(104) },
    { percent: 100, askedAt: at(200), servingAt: at(204) },
  ];
  const window = (count: number, readUntil?: number, last: object = {}) => {
    const own = steps
      .slice(0, count)
      .map((step, index) => (index === count - 1 ? { ...step, ...last } : step));
    const found = unreadWindow(
      nthRelease(3, 'rolling-out', { steps: own }),
      sides,
      readUntil === undefined ? undefined : at(readUntil),
    );
    const seconds = (date: Date | undefined) => date && (date.getTime() - start) / 1000;
    return found && [seconds(found.from), seconds(found.to), found.sides.stable];
  };

  test.each<[string, ReturnType<typeof window>, unknown]>([
    ['nothing is served yet', window(1, undefined, { servingAt: undefined }), undefined],
    ['the first step, from when it was served', window(1), [4, undefined, 'old']],
    ['the first step, from where it was read', window(1, 50), [50, undefined, 'old']],
    ['the rest of the step before comes first', window(2, 50), [50, 100, 'old']],
    ['what lies between two steps is nobody’s', window(2, 100), [104, undefined, 'old']],
    ['with all traffic there is nothing to compare with', window(3, 200), [204, undefined, undefined]],
    ['steps that were never read are read in order', window(3), [4, 100, 'old']],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expected);
  });

  test('a step that was over before it was seen to be served holds nothing up: clocks differ', () => {
    const [first, second] = steps;
    if (!first || !second) throw new Error('there are two');
    const skewed = [{ ...first, servingAt: at(101) }, second];
    const release = nthRelease(3, 'rolling-out', { steps: skewed });
    expect(unreadWindow(release, sides, undefined)?.from).toEqual(time(104));
  });
});
