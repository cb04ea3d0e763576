import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Bucket } from '../../../functions/platform/cloud-storage.ts';
import type { CommitStatus } from '../../../functions/platform/github.ts';
import { reportStatus, type DesiredStatus, type StatusPorts } from '../../../functions/release/statuses.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

let bucket: Bucket;
beforeEach(() => {
  bucket = memoryBucket();
});

describe('which of two statuses stands', () => {
  const wish = (rank: number, part: Partial<DesiredStatus> = {}): DesiredStatus => ({
    context: 'slipway/api/build',
    state: rank === 1 ? 'pending' : 'success',
    description: `rank ${rank}`,
    targetUrl: 'http://log',
    buildCreateTime: '2026-01-01T00:00:00.000Z',
    rank,
    ...part,
  });
  /** Keeps what was posted, in order; `before` runs first, as a slow network would let it. */
  const recorder = (before: (posted: CommitStatus[]) => Promise<void> = () => Promise.resolve()) => {
    const posted: CommitStatus[] = [];
    return {
      posted,
      github: {
        async createStatus(_commit: string, status: CommitStatus) {
          await before(posted);
          posted.push(status);
          return { accepted: true } as const;
        },
      },
    };
  };
  const commit = 'a'.repeat(40);
  const now = (): Date => new Date('2026-01-01T00:00:00.000Z');
  const report = (github: StatusPorts['github'], sha: string, status: DesiredStatus): Promise<string> =>
    reportStatus({ bucket, github, now }, sha, status);
  const texts = (posted: readonly CommitStatus[]): string[] => posted.map(({ description }) => description);

  test.each<[string, DesiredStatus[], string[], string]>([
    ['the same twice is posted once (trap 28)', [wish(1), wish(1)], ['rank 1'], 'already'],
    ['a later state replaces an earlier one', [wish(1), wish(2)], ['rank 1', 'rank 2'], 'posted'],
    ['an earlier state never replaces a later one (trap 3)', [wish(2), wish(1)], ['rank 2'], 'outdated'],
    [
      'a rerun starts anew (trap 25)',
      [wish(2), wish(1, { buildCreateTime: '2026-01-02T00:00:00.000Z' })],
      ['rank 2', 'rank 1'],
      'posted',
    ],
    [
      'the earlier build has nothing more to say (trap 25)',
      [wish(1, { buildCreateTime: '2026-01-02T00:00:00.000Z' }), wish(2)],
      ['rank 1'],
      'outdated',
    ],
  ])('%s', async (_, wishes, expected, last) => {
    const { github, posted } = recorder();
    let outcome = '';
    for (const status of wishes) outcome = await report(github, commit, status);
    expect(texts(posted)).toEqual(expected);
    expect(outcome).toBe(last);
  });

  test('a handler that was slow to post leaves no old state behind (trap 4)', async () => {
    const { github, posted } = recorder();
    let overtaken = false;
    const slow = recorder(async () => {
      // While the pending state is on its way, the build ends and somebody else reports that.
      if (!overtaken) {
        overtaken = true;
        await report(github, commit, wish(2));
        slow.posted.push(...posted.splice(0));
      }
    });
    await report(slow.github, commit, wish(1));
    expect(texts(slow.posted)).toEqual(['rank 2', 'rank 1', 'rank 2']);
  });

  test('a description that is too long is cut, not refused', async () => {
    const { github, posted } = recorder();
    await report(github, commit, wish(2, { description: 'x'.repeat(500) }));
    expect(await report(github, commit, wish(2, { description: 'x'.repeat(500) }))).toBe('already');
    expect(posted[0]?.description).toHaveLength(140);
  });
});
