import { beforeEach, describe, expect, test } from '@jest/globals';
import { readCancellation } from '../../../functions/release/cancellation.ts';
import { cancelOvertakenChecks, type ConcurrencyPorts } from '../../../functions/concurrency/handler.ts';
import type { CloudBuild } from '../../../functions/platform/cloud-build.ts';
import { memoryBucket, type MemoryBucket } from '../../support/memory-bucket.ts';
import { checksBuild, fakeBuilds, type FakeBuilds } from './fake-builds.ts';

let builds: FakeBuilds;
let bucket: MemoryBucket;
let heads: Record<string, string>;
let asked: string[];
let logged: string[];
let ports: ConcurrencyPorts;

beforeEach(() => {
  builds = fakeBuilds();
  bucket = memoryBucket();
  heads = {};
  asked = [];
  logged = [];
  ports = {
    builds,
    bucket,
    repository: 'acme/board',
    log: (_severity, message) => void logged.push(message),
    github: {
      async branchHead(branch) {
        asked.push(branch);
        return heads[branch];
      },
    },
  };
});

const survivors = (): string[] =>
  [...builds.all.values()].flatMap(({ id, status }) => (status === 'CANCELLED' ? [] : [id])).sort();
const commitOf = (id: string): string => checksBuild(id, 0).commit ?? '';

/** Every order of what is given, where `allowed` lets the next one come after those before it. */
function* orders<T>(
  items: readonly T[],
  allowed: (before: readonly T[], next: T) => boolean = () => true,
  before: readonly T[] = [],
): Generator<readonly T[]> {
  if (items.length === 0) yield before;
  for (const [index, next] of items.entries()) {
    if (allowed(before, next)) yield* orders(items.toSpliced(index, 1), allowed, [...before, next]);
  }
}

describe('a burst of four pushes', () => {
  const ids = ['a', 'b', 'c', 'd'];

  test('whichever message comes first, and twice: the newest push stays', async () => {
    let tried = 0;
    for (const created of orders(ids)) {
      for (let messages = 1; messages <= 5; messages += 1) {
        builds = fakeBuilds();
        for (const id of ids) builds.add(checksBuild(id, created.indexOf(id)));
        const own = { ...ports, builds, bucket: memoryBucket() };
        for (let message = 0; message < messages; message += 1) await cancelOvertakenChecks(own);
        expect(survivors()).toEqual(created.slice(-1));
        expect([...builds.cancelled].sort()).toEqual(created.slice(0, -1).toSorted());
        tried += 1;
      }
    }
    expect(tried).toBe(120);
  });

  test('messages anywhere between the pushes, in every order, some of builds that have ended by themselves', async () => {
    // `+a` creates it, `!a` is a message about it, `.a` its success if it is not cancelled by then.
    const events = ids.flatMap((id) => [`+${id}`, `!${id}`]);
    const allowed = (before: readonly string[], next: string): boolean => {
      const id = next.slice(1);
      if (next.startsWith('!')) return before.includes(`+${id}`);
      return id === 'a' || before.includes(`+${String.fromCharCode(id.charCodeAt(0) - 1)}`);
    };
    const outcomes = new Set<string>();
    let tried = 0;
    for (const order of orders(events, allowed)) {
      for (const endsBeforeTheLastMessages of ['', ...ids]) {
        builds = fakeBuilds();
        const own = { ...ports, builds, bucket: memoryBucket() };
        for (const event of order) {
          const id = event.slice(1);
          if (event.startsWith('+')) builds.add(checksBuild(id, ids.indexOf(id)));
          else await cancelOvertakenChecks(own);
          const newest = [...builds.all.keys()].at(-1) ?? '';
          expect(builds.all.get(newest)?.status).not.toBe('CANCELLED');
        }
        builds.end(endsBeforeTheLastMessages, 'SUCCESS');
        // The tick, and a message that comes twice.
        await cancelOvertakenChecks(own);
        await cancelOvertakenChecks(own);
        outcomes.add(
          survivors()
            .filter((id) => id !== endsBeforeTheLastMessages || id === 'd')
            .join(),
        );
        tried += 1;
      }
    }
    expect(tried).toBe(105 * 5);
    expect([...outcomes]).toEqual(['d']);
  });

  test('that ends before it is heard of: what it has overtaken is cancelled all the same', async () => {
    builds.add(checksBuild('a', 1));
    builds.add(checksBuild('b', 2, { status: 'FAILURE' }));
    await cancelOvertakenChecks(ports);
    expect(builds.cancelled).toEqual(['a']);
  });
});

describe('what a newer push ends', () => {
  test.each<[string, CloudBuild[], string[]]>([
    [
      'what is queued or waits for approval too',
      [
        checksBuild('a', 1, { status: 'QUEUED' }),
        checksBuild('b', 2, { status: 'PENDING' }),
        checksBuild('c', 3),
      ],
      ['a', 'b'],
    ],
    ['created in the same moment: by the id', [checksBuild('b', 1), checksBuild('a', 1)], ['a']],
    ['nothing on another branch', [checksBuild('a', 1), checksBuild('b', 2, { branch: 'other' })], []],
    [
      'nothing of another service',
      [checksBuild('a', 1), checksBuild('b', 2, { substitutions: { _SERVICE: 'web', _PURPOSE: 'checks' } })],
      [],
    ],
    [
      'nothing of another repository',
      [checksBuild('a', 1, { repository: 'acme/x' }), checksBuild('b', 2)],
      [],
    ],
    [
      'no release, and no release ends checks',
      [
        checksBuild('a', 1, { substitutions: { _SERVICE: 'api', _PURPOSE: 'release' } }),
        checksBuild('b', 2),
        checksBuild('c', 3, { substitutions: { _SERVICE: 'api', _PURPOSE: 'release' } }),
      ],
      [],
    ],
    [
      'nothing without a branch',
      [checksBuild('a', 1, { branch: '' }), checksBuild('b', 2, { branch: '' })],
      [],
    ],
    [
      'of one pull request, not of another one from a branch of the same name',
      [
        ...['a', 'b'].map((id, at) =>
          checksBuild(id, at, { substitutions: { _SERVICE: 'api', _PURPOSE: 'checks', _PR_NUMBER: '7' } }),
        ),
        checksBuild('c', 2, { substitutions: { _SERVICE: 'api', _PURPOSE: 'checks', _PR_NUMBER: '8' } }),
      ],
      ['a'],
    ],
    [
      'not another build of the same commit',
      [checksBuild('a', 1), checksBuild('b', 2, { commit: commitOf('a') })],
      [],
    ],
  ])('%s', async (_, all, cancelled) => {
    for (const build of all) builds.add(build);
    await cancelOvertakenChecks(ports);
    expect([...builds.cancelled].sort()).toEqual(cancelled);
    expect(asked).toEqual([]);
  });
});

describe('a second build of an older commit', () => {
  beforeEach(() => {
    builds.add(checksBuild('a', 1, { status: 'FAILURE' }));
    builds.add(checksBuild('b', 2));
    builds.add(checksBuild('c', 3, { commit: commitOf('a') }));
  });

  test('is a rerun where the branch has gone on: it cancels nothing, and nothing cancels it', async () => {
    heads = { feature: commitOf('b') };
    await cancelOvertakenChecks(ports);
    expect(builds.cancelled).toEqual([]);
    expect(asked).toEqual(['feature']);
  });

  test('is a push back where it is the head again', async () => {
    heads = { feature: commitOf('a') };
    await cancelOvertakenChecks(ports);
    expect(builds.cancelled).toEqual(['b']);
    expect(await readCancellation(bucket, 'b')).toEqual({ by: 'c', commit: commitOf('a') });
  });

  test('ends with the next push', async () => {
    heads = { feature: commitOf('d') };
    builds.add(checksBuild('d', 4));
    await cancelOvertakenChecks(ports);
    expect([...builds.cancelled].sort()).toEqual(['b', 'c']);
  });

  test('is left alone while GitHub cannot be asked, and the message comes again', async () => {
    const github = { branchHead: () => Promise.reject(new Error('502')) };
    await expect(cancelOvertakenChecks({ ...ports, github })).rejects.toThrow('could not be looked at');
    expect(builds.cancelled).toEqual([]);
  });
});

describe('the cancellation', () => {
  test('of a build that has just ended is none', async () => {
    builds.add(checksBuild('a', 1));
    builds.add(checksBuild('b', 2));
    const cancel: FakeBuilds['cancel'] = (name) => {
      builds.end('a', 'SUCCESS');
      return builds.cancel(name);
    };
    await cancelOvertakenChecks({ ...ports, builds: { ...builds, cancel } });
    expect([builds.all.get('a')?.status, logged]).toEqual(['SUCCESS', []]);
  });

  test('is noted before it is asked for, and the first note stands', async () => {
    builds.add(checksBuild('a', 1));
    builds.add(checksBuild('b', 2));
    const noted: unknown[] = [];
    const cancel: FakeBuilds['cancel'] = async () => {
      noted.push(await readCancellation(bucket, 'a'));
      return 'asked';
    };
    const slow = { ...ports, builds: { ...builds, cancel } };
    await cancelOvertakenChecks(slow);
    builds.add(checksBuild('c', 3));
    await cancelOvertakenChecks(slow);
    expect(noted[0]).toEqual({ by: 'b', commit: commitOf('b') });
    expect(await readCancellation(bucket, 'a')).toEqual(noted[0]);
    expect(logged[0]).toBe(`cancelled checks build a: ${commitOf('b').slice(0, 7)} was pushed after it`);
  });

  test('that is refused keeps no other from it, and comes again', async () => {
    builds.add(checksBuild('a', 1));
    builds.add(checksBuild('b', 2));
    builds.add(checksBuild('c', 3));
    const cancel: FakeBuilds['cancel'] = async (name) => {
      if (name.endsWith('/a')) throw new Error('403');
      return builds.cancel(name);
    };
    await expect(cancelOvertakenChecks({ ...ports, builds: { ...builds, cancel } })).rejects.toThrow();
    expect(builds.cancelled).toEqual(['b']);
    await cancelOvertakenChecks(ports);
    expect(builds.cancelled).toEqual(['b', 'a']);
  });
});
