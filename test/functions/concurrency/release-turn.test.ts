import { describe, expect, test } from '@jest/globals';
import { decideTurn, type Contender, type Turn } from '../../../functions/concurrency/release-turn.ts';

const minute = (at: number): string => new Date(Date.UTC(2026, 1, 1, 12, at)).toISOString();

/** A build that was pushed, created and queued at that minute. */
const build = (id: string, at: number, part: Partial<Contender> = {}): Contender => ({
  id,
  commit: id.repeat(40),
  status: 'WORKING',
  createTime: minute(at),
  queuedAt: minute(at),
  orderedAt: minute(at),
  succeeded: part.status === 'SUCCESS',
  ...part,
});
const inShort = (turn: Turn): string => {
  if (turn.kind === 'wait') return `wait ${turn.behind.map(({ id }) => id).join(' ')}`;
  return turn.kind === 'overtaken' ? `overtaken ${turn.by.id}` : turn.kind;
};

describe('the turn of build m', () => {
  const m = build('m', 10);
  const rerun = build('m', 10, { orderedAt: minute(2) });
  test.each<[string, Contender, Contender[], string, string?]>([
    ['is at once when nobody else is there', m, [], 'go'],
    ['is behind an older one that works', m, [build('a', 1)], 'wait a'],
    ['is behind an older one that is still queued', m, [build('a', 1, { status: 'QUEUED' })], 'wait a'],
    ['is not behind one that waits for approval', m, [build('a', 1, { status: 'PENDING' })], 'go'],
    ...(['SUCCESS', 'FAILURE', 'CANCELLED', 'TIMEOUT', 'EXPIRED', 'INTERNAL_ERROR'] as const).map(
      (status): [string, Contender, Contender[], string] => [
        `is not behind one that has ended in ${status}`,
        m,
        [build('a', 1, { status })],
        'go',
      ],
    ),
    ['is before a newer one that comes after it', m, [build('z', 20)], 'go'],
    [
      'is over when a newer one is there while it waits',
      m,
      [build('a', 1), build('z', 20)],
      'overtaken z',
      'wait a',
    ],
    [
      'is over for the newest of several',
      m,
      [build('a', 1), build('y', 19), build('z', 20)],
      'overtaken z',
      'wait a',
    ],
    [
      'goes on while the newer one may never be approved',
      m,
      [build('a', 1), build('z', 20, { status: 'PENDING' })],
      'wait a',
    ],
    ['goes on after a newer one that has failed', m, [build('z', 20, { status: 'FAILURE' })], 'go'],
    [
      'is over when a newer one has passed',
      m,
      [build('z', 20, { status: 'SUCCESS' })],
      'overtaken z',
      'overtaken z',
    ],
    [
      'goes on when what has passed has failed since',
      m,
      [build('z', 20, { status: 'SUCCESS', succeeded: false })],
      'go',
    ],
    [
      'of a rerun is over when the newer one is under way already',
      rerun,
      [build('z', 5)],
      'overtaken z',
      'overtaken z',
    ],
    [
      'is not behind a rerun of an older commit that was queued later',
      m,
      [build('r', 12, { orderedAt: minute(1) })],
      'go',
    ],
    [
      'of a late approval is over when the newer one is under way already',
      build('m', 1, { queuedAt: minute(10) }),
      [build('z', 5)],
      'overtaken z',
      'overtaken z',
    ],
    ['waits for the record of a rerun', build('m', 10, { orderedAt: undefined }), [], 'unplaced'],
    [
      'is behind a rerun without a record that was queued before',
      m,
      [build('r', 9, { orderedAt: undefined })],
      'wait r',
    ],
    [
      'is before a rerun without a record that was queued after',
      m,
      [build('r', 11, { orderedAt: undefined })],
      'go',
    ],
  ])('%s', (_, me, others, yielding, staying = yielding) => {
    expect(inShort(decideTurn(me, others, { yields: true }))).toBe(yielding);
    expect(inShort(decideTurn(me, others, { yields: false }))).toBe(staying);
  });
});

/*
 * Every course of four builds: queued one after the other, pushed in any of the 24 orders (reruns, pushes back, late
 * approvals), each looking for its turn, deploying and ending well or badly at any moment.
 */
type Phase = 'absent' | 'before' | 'deploying' | 'SUCCESS' | 'FAILURE' | 'CANCELLED';
const ongoing = (phase: Phase): boolean => phase === 'before' || phase === 'deploying';
const count = 4;

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

interface Step {
  readonly of: number;
  readonly to: Phase;
  /** The build comes about; the rest is what builds do. */
  readonly arrives: boolean;
}

function stepsFrom(phases: readonly Phase[], pushes: readonly number[], yields: boolean): Step[] {
  // As Cloud Build shows them: whether a build deploys already cannot be seen.
  const seen = phases.map((phase, at): Contender | undefined =>
    phase === 'absent'
      ? undefined
      : build(String(at), at, {
          orderedAt: minute(pushes[at] ?? 0),
          status: ongoing(phase) ? 'WORKING' : (phase as Contender['status']),
          succeeded: phase === 'SUCCESS',
        }),
  );
  return phases.flatMap((phase, of): Step[] => {
    const end = (to: Phase): Step => ({ of, to, arrives: false });
    if (phase === 'absent')
      return phases.indexOf('absent') === of ? [{ of, to: 'before', arrives: true }] : [];
    if (phase === 'deploying') return [end('SUCCESS'), end('FAILURE')];
    const me = seen[of];
    if (phase !== 'before' || !me) return [];
    const others = seen.filter((other) => other !== undefined && other !== me) as Contender[];
    const turn = decideTurn(me, others, { yields });
    const decided =
      turn.kind === 'go' ? [end('deploying')] : turn.kind === 'overtaken' ? [end('CANCELLED')] : [];
    // It can fail in its tests, too, at any time before.
    return [...decided, end('FAILURE')];
  });
}

describe.each([{ yields: true }, { yields: false }])('four builds, in every course, %j', ({ yields }) => {
  test('one deploys at a time, in the order of the pushes; nobody hangs, and the newest push is never cancelled', () => {
    let states = 0;
    for (const pushes of permutations([0, 1, 2, 3])) {
      const newest = pushes.indexOf(count - 1);
      const visited = new Set<string>();
      const visit = (phases: readonly Phase[]): void => {
        const key = phases.join();
        if (visited.has(key)) return;
        visited.add(key);
        states += 1;
        const where = `pushed ${pushes.join()}: ${key}`;

        const deploying = phases.flatMap((phase, at) => (phase === 'deploying' ? [at] : []));
        if (deploying.length > 1) throw new Error(`two deploy at once, ${where}`);
        if (phases[newest] === 'CANCELLED') throw new Error(`the newest push is cancelled, ${where}`);

        const steps = stepsFrom(phases, pushes, yields);
        for (const { of, to } of steps.filter((step) => step.to === 'deploying')) {
          const late = phases.some(
            (phase, at) => phase === 'SUCCESS' && (pushes[at] ?? 0) > (pushes[of] ?? 0),
          );
          if (late) throw new Error(`${of} comes to ${to} after a later push, ${where}`);
        }
        // Without a new push, and without one that fails by itself, there is always somebody who can go on.
        const moves = steps.filter(
          ({ arrives, to, of }) => !arrives && (to !== 'FAILURE' || phases[of] === 'deploying'),
        );
        if (phases.some(ongoing) && moves.length === 0) throw new Error(`nobody can go on, ${where}`);
        for (const { of, to } of steps) visit(phases.with(of, to));
      };
      visit(Array.from({ length: count }, (): Phase => 'absent'));
    }
    expect(states).toBeGreaterThan(4_000);
  });
});
