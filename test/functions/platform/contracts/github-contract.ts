import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CommitStatus, GitHub } from '../../../../functions/platform/github.ts';

/** A repository with a commit at the head of `main` and another at the head of `feature/x`. */
export interface GitHubSubject {
  readonly github: GitHub;
  /** The head of `main`. */
  readonly commit: string;
  /** The head of `feature/x`. */
  readonly other: string;
  /** What stands at a commit, the newest first. */
  statuses(commit: string): Promise<CommitStatus[]>;
  close(): Promise<void>;
}

/** What every GitHub does, whatever is behind it. */
export function gitHubContract(open: () => Promise<GitHubSubject>): void {
  let subject: GitHubSubject;
  beforeAll(async () => {
    subject = await open();
  });
  afterAll(() => subject.close());

  const status = (part: Partial<CommitStatus> = {}): CommitStatus => ({
    state: 'pending',
    context: 'slipway/api/build',
    description: 'is building',
    targetUrl: 'https://logs.example/1',
    ...part,
  });

  describe('a commit status', () => {
    test('stands at its commit alone', async () => {
      const { github, commit, other } = subject;
      const alone = status({ context: 'slipway/api/alone' });
      expect(await github.createStatus(commit, alone)).toEqual({ accepted: true });
      expect((await subject.statuses(commit))[0]).toEqual(alone);
      expect(await subject.statuses(other)).not.toContainEqual(alone);
    });

    test('adds to those of its context, the newest counts', async () => {
      const { github, commit } = subject;
      const both = [status(), status({ state: 'success', description: 'was built' })];
      for (const each of both) await github.createStatus(commit, each);
      expect((await subject.statuses(commit)).slice(0, 2)).toEqual(both.toReversed());
    });

    test('may have no address', async () => {
      const { github, commit } = subject;
      await github.createStatus(commit, status({ targetUrl: '' }));
      expect((await subject.statuses(commit))[0]?.targetUrl).toBe('');
    });

    test('of a commit that does not exist is refused for good', async () => {
      const answer = await subject.github.createStatus('f'.repeat(40), status());
      expect(answer).toEqual({ accepted: false, reason: expect.any(String) as unknown });
    });

    test('with more text than it may have is refused for good', async () => {
      const long = status({ description: 'x'.repeat(141) });
      expect(await subject.github.createStatus(subject.commit, long)).toMatchObject({ accepted: false });
    });
  });

  test.each<[string, (from: GitHubSubject) => string | undefined]>([
    ['main', ({ commit }) => commit],
    ['feature/x', ({ other }) => other],
    ['feature', () => undefined],
    ['absent', () => undefined],
  ])('the head of %s', async (branch, expected) => {
    expect(await subject.github.branchHead(branch)).toBe(expected(subject));
  });
}
