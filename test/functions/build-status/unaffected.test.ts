import { beforeEach, describe, expect, test } from '@jest/globals';
import { handlePushHint, type PushPorts } from '../../../functions/build-status/handle-push.ts';
import { handleBuildAndPushHint } from '../../../functions/build-status/handle-build-and-push.ts';
import { handleBuildHint, type BuildStatusPorts } from '../../../functions/build-status/handler.ts';
import type { CloudBuild, CloudBuildTrigger } from '../../../functions/platform/cloud-build.ts';
import { GitHubBusyError, type Changes, type CommitStatus } from '../../../functions/platform/github.ts';
import { openLedger } from '../../../functions/release/ledger.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const start = Date.parse('2026-02-01T12:00:00.000Z');
const sha = (letter: string): string => letter.repeat(40);
const [first, second, third] = [sha('1'), sha('2'), sha('3')];

const trigger = (service: string, part: Partial<CloudBuildTrigger> = {}): CloudBuildTrigger => ({
  name: `${service}-checks`,
  repository: 'acme/board',
  disabled: false,
  substitutions: { _SERVICE: service, _PURPOSE: 'checks' },
  includedFiles: [`services/${service}/**`],
  ignoredFiles: [],
  ...part,
});

let nowMs: number;
let builds: CloudBuild[];
let triggers: CloudBuildTrigger[];
/** `base...head` → what GitHub says. */
let compared: Record<string, Partial<Changes> | undefined>;
let asked: string[];
let statuses: Record<string, Record<string, CommitStatus>>;
let posts: number;
/** Builds of a branch that were read. */
let readOfBranch: string[];
let ports: PushPorts;

/** A build, `seconds` after the start. */
function build(
  commit: string,
  purpose: string,
  seconds: number,
  part: Partial<CloudBuild> & { service?: string } = {},
): CloudBuild {
  const { service, ...rest } = part;
  const id = `${purpose}-${service ?? ''}-${commit.slice(0, 1)}-${seconds}`;
  const made: CloudBuild = {
    id,
    name: `projects/1/locations/l/builds/${id}`,
    status: 'SUCCESS',
    statusDetail: '',
    failure: '',
    commit,
    repository: 'acme/board',
    branch: 'topic',
    substitutions: {
      _PURPOSE: purpose,
      ...(service === undefined ? { _RELEASED_BRANCH: 'main' } : { _SERVICE: service }),
    },
    steps: [],
    logUrl: `http://log/${id}`,
    createTime: new Date(start + seconds * 1000).toISOString(),
    seconds: 1,
    digests: [],
    ...rest,
  };
  builds.unshift(made);
  return made;
}

beforeEach(() => {
  nowMs = start;
  builds = [];
  triggers = [trigger('api'), trigger('web')];
  compared = {};
  asked = [];
  statuses = {};
  posts = 0;
  readOfBranch = [];
  ports = {
    bucket: memoryBucket(),
    repository: 'acme/board',
    now: () => new Date(nowMs),
    log: () => undefined,
    github: {
      async createStatus(commit, status) {
        posts += 1;
        (statuses[commit] ??= {})[status.context] = status;
        return { accepted: true };
      },
      async changes(base, head) {
        asked.push(`${base.slice(0, 4)}...${head.slice(0, 4)}`);
        const found = compared[`${base}...${head}`];
        return found && { files: [], truncated: false, isForward: true, ...found };
      },
    },
    builds: {
      get: async (name) => builds.find((each) => each.name === name),
      createdSince: async (time, having = {}) =>
        builds.filter((each) => each.createTime >= time.toISOString() && has(each, having)),
      ofCommit: async (commit) => builds.filter((each) => each.commit === commit),
      async *ofBranch(branch, having) {
        for (const each of builds.filter((one) => one.branch === branch && has(one, having))) {
          await Promise.resolve();
          readOfBranch.push(each.id);
          yield each;
        }
      },
      triggers: async () => triggers,
    },
  };
});

const has = ({ substitutions }: CloudBuild, having: Readonly<Record<string, string>>): boolean =>
  Object.entries(having).every(([name, value]) => substitutions[name] === value);
const busy = (retryAfterSeconds: number): GitHubBusyError =>
  new GitHubBusyError('busy', retryAfterSeconds, { cause: undefined });
/** GitHub fails to compare with this commit, as often as it is asked. */
function failToCompare(failing: string, error: Error): void {
  const { changes } = ports.github;
  const failed = async (base: string, head: string): Promise<Changes | undefined> => {
    if (head !== failing) return changes(base, head);
    asked.push(`${base.slice(0, 4)}...${head.slice(0, 4)}`);
    throw error;
  };
  ports = { ...ports, github: { ...ports.github, changes: failed } };
}
/** What the function has besides. */
const allPorts = (): BuildStatusPorts & PushPorts => ({
  ...ports,
  github: { ...ports.github, branchHead: async () => undefined },
  ledger: openLedger(ports.bucket, { now: ports.now, sleep: () => Promise.resolve() }),
  topics: { publish: async () => undefined },
});
const hear = ({ id, name }: CloudBuild): Promise<void> => handlePushHint(ports, { id, name });
const tick = async (secondsLater: number): Promise<void> => {
  nowMs += secondsLater * 1000;
  await handlePushHint(ports, { tick: new Date(nowMs).toISOString() });
};
/** What the build of a service says itself, by the other handler of the function. */
const hearChecks = ({ id, name }: CloudBuild): Promise<void> => handleBuildHint(allPorts(), { id, name });
const of = (commit: string, service: string): string | undefined => {
  const status = statuses[commit]?.[`slipway/${service}/checks`];
  return status && `${status.state}: ${status.description}`;
};

describe('trap 30: services that path filters skip', () => {
  test('no trigger of a service fires: every service is said not to be affected, at once', async () => {
    compared[`main...${first}`] = { files: ['docs/a.md', 'README.md'] };
    await hear(build(first, 'push', 0, { status: 'QUEUED' }));
    expect([of(first, 'api'), of(first, 'web')]).toEqual([
      'success: Not affected by this push',
      'success: Not affected by this push',
    ]);
    expect(asked).toEqual(['main...1111']);
  });

  test('one does: its build speaks for it, whatever comes first', async () => {
    compared[`main...${first}`] = { files: ['services/api/a.ts'] };
    const push = build(first, 'push', 0);
    await hear(push);
    expect([of(first, 'api'), of(first, 'web')]).toEqual([undefined, 'success: Not affected by this push']);
    const checks = build(first, 'checks', 1, { service: 'api', status: 'WORKING' });
    await hearChecks(checks);
    await hear(push);
    await tick(120);
    expect(of(first, 'api')).toBe('pending: The checks build is running');
  });

  test('a person runs the checks all the same: they win', async () => {
    compared[`main...${first}`] = { files: ['docs/a.md'] };
    const push = build(first, 'push', 0);
    await hear(push);
    await hearChecks(build(first, 'checks', 600, { service: 'api', status: 'FAILURE' }));
    await hear(push);
    expect(of(first, 'api')).toMatch(/^failure: The checks build failed/);
  });

  test('heard of again it asks nobody and posts nothing (traps 2, 28)', async () => {
    compared[`main...${first}`] = { files: ['docs/a.md'] };
    const push = build(first, 'push', 0);
    await hear(push);
    await hear(push);
    await tick(60);
    expect([posts, asked.length]).toEqual([2, 1]);
  });

  test.each([0, 90])(
    'a success that GitHub did not take (busy for %i s) is posted by a later tick, once',
    async (retryAfterSeconds) => {
      triggers = [trigger('api')];
      compared[`main...${first}`] = { files: ['docs/a.md'] };
      const { createStatus } = ports.github;
      let attempts = 0;
      const once: typeof createStatus = async (commit, status) => {
        attempts += 1;
        if (attempts === 1) throw busy(retryAfterSeconds);
        return createStatus(commit, status);
      };
      ports = { ...ports, github: { ...ports.github, createStatus: once } };
      await expect(hear(build(first, 'push', 0))).rejects.toThrow('1 pushes could not be reported: busy');
      expect(statuses).toEqual({});
      await tick(retryAfterSeconds);
      expect(of(first, 'api')).toBe('success: Not affected by this push');
      await tick(60);
      expect(attempts).toBe(2);
    },
  );

  test('a success of a process that died before it posted is posted after its hold', async () => {
    triggers = [trigger('api')];
    compared[`main...${first}`] = { files: ['docs/a.md'] };
    const { github } = ports;
    // No answer: the wish stands as that of a process that is no more.
    const lost = (): Promise<never> => Promise.reject(new Error('gone'));
    ports = { ...ports, github: { ...github, createStatus: lost } };
    await expect(hear(build(first, 'push', 0))).rejects.toThrow('gone');
    ports = { ...ports, github };
    await tick(10);
    expect(statuses).toEqual({});
    await tick(10);
    expect(of(first, 'api')).toBe('success: Not affected by this push');
  });

  test('a success that took the place of a lost post is posted once more, when that one can come no more', async () => {
    triggers = [trigger('api')];
    compared[`main...${first}`] = { files: ['services/api/a.ts'] };
    compared[`${first}...${second}`] = { files: ['docs/a.md'] };
    await hear(build(first, 'push', 0));
    const checks = build(first, 'checks', 0, { service: 'api', status: 'WORKING' });
    await hearChecks(checks);
    const { github } = ports;
    const lost = (): Promise<never> => Promise.reject(new Error('gone'));
    ports = { ...ports, github: { ...github, createStatus: lost } };
    await expect(hear(build(second, 'push', 1))).rejects.toThrow('gone');
    ports = { ...ports, github };
    const ended = { ...checks, status: 'SUCCESS' as const };
    builds = builds.map((each) => (each === checks ? ended : each));
    await hearChecks(ended);
    await tick(5);
    const expected = 'success: Not affected by this push: passed at 1111111';
    expect([of(second, 'api'), posts]).toEqual([expected, 3]);
    await tick(20);
    await tick(20);
    expect([of(second, 'api'), posts]).toEqual([expected, 4]);
  });

  test('a success that GitHub will never take is left at that', async () => {
    triggers = [trigger('api')];
    compared[`main...${first}`] = { files: ['docs/a.md'] };
    let attempts = 0;
    const createStatus: typeof ports.github.createStatus = async () => {
      attempts += 1;
      return { accepted: false, reason: 'No commit found' };
    };
    ports = { ...ports, github: { ...ports.github, createStatus } };
    await hear(build(first, 'push', 0));
    await tick(60);
    expect([attempts, asked.length]).toEqual([1, 1]);
  });

  test('nor is one asked about again that took the place of a lost post and was refused', async () => {
    triggers = [trigger('api')];
    compared[`main...${first}`] = { files: ['docs/a.md'] };
    const { github } = ports;
    const lost = (): Promise<never> => Promise.reject(new Error('gone'));
    ports = { ...ports, github: { ...github, createStatus: lost } };
    const push = build(first, 'push', 0);
    await expect(hear(push)).rejects.toThrow('gone');
    const refuse: typeof github.createStatus = async () => ({ accepted: false, reason: 'No commit found' });
    ports = { ...ports, github: { ...github, createStatus: refuse } };
    // Its log has another address now: another wish than the one that was lost.
    builds = [{ ...push, logUrl: 'http://log/moved' }];
    await tick(5);
    const before = asked.length;
    await tick(60);
    expect(asked).toHaveLength(before);
  });

  test('of the branch no more is read than the push before', async () => {
    compared[`${second}...${third}`] = { files: ['docs/a.md'] };
    for (const [index, commit] of [first, second, third].entries()) build(commit, 'push', index);
    for (const each of builds.slice(0, 1)) await hear(each);
    expect(readOfBranch).toEqual(['push--3-2', 'push--2-1']);
  });

  test('a push to another repository, a trigger of another one, a disabled one: none of ours', async () => {
    triggers = [
      trigger('api', { repository: 'acme/other' }),
      trigger('web', { disabled: true }),
      trigger('site', { repository: 'Acme/Board' }),
      trigger('rel', { substitutions: { _SERVICE: 'rel', _PURPOSE: 'release' } }),
    ];
    compared[`main...${first}`] = { files: ['docs/a.md'] };
    await hear(build(first, 'push', 0, { repository: 'acme/other' }));
    expect(statuses).toEqual({});
    await hear(build(first, 'push', 1));
    expect(Object.keys(statuses[first] ?? {})).toEqual(['slipway/site/checks']);
  });
});

describe('a second push to the branch', () => {
  /** The first one changed the api, the second one only docs. */
  const push = async (outcome: CloudBuild['status']): Promise<CloudBuild> => {
    compared[`main...${first}`] = { files: ['services/api/a.ts'] };
    compared[`${first}...${second}`] = { files: ['docs/a.md'] };
    compared[`main...${second}`] = { files: ['services/api/a.ts', 'docs/a.md'] };
    await hear(build(first, 'push', 0));
    await hearChecks(build(first, 'checks', 0, { service: 'api', status: outcome }));
    const later = build(second, 'push', 100);
    await hear(later);
    return later;
  };

  test.each<[CloudBuild['status'], string]>([
    ['SUCCESS', 'success: Not affected by this push: passed at 1111111'],
    ['FAILURE', 'failure: Not affected by this push: failed at 1111111'],
    ['INTERNAL_ERROR', 'error: Not affected by this push: not passed at 1111111'],
    ['WORKING', 'pending: Not affected by this push: under way at 1111111'],
  ])('does not make green what was not: %s before', async (outcome, expected) => {
    await push(outcome);
    expect(of(second, 'api')).toBe(expected);
    expect(of(second, 'web')).toBe('success: Not affected by this push: passed at 1111111');
    expect(statuses[second]?.['slipway/api/checks']?.targetUrl).toBe('http://log/checks-api-1-0');
  });

  test('hears at the next tick how the checks of the first one ended, and a rerun of them too', async () => {
    await push('WORKING');
    builds = builds.map((each) => (each.id === 'checks-api-1-0' ? { ...each, status: 'FAILURE' } : each));
    for (const each of builds.filter(({ id }) => id === 'checks-api-1-0')) await hearChecks(each);
    await tick(60);
    expect(of(second, 'api')).toBe('failure: Not affected by this push: failed at 1111111');
    await hearChecks(build(first, 'checks', 200, { service: 'api' }));
    await tick(60);
    expect(of(second, 'api')).toBe('success: Not affected by this push: passed at 1111111');
  });

  test('through a third push, in one tick', async () => {
    await push('FAILURE');
    compared[`${second}...${third}`] = { files: ['docs/b.md'] };
    build(third, 'push', 200);
    await tick(300);
    expect(of(third, 'api')).toBe('failure: Not affected by this push: failed at 2222222');
  });

  test('a rerun of the first push inherits nothing from the second', async () => {
    await push('SUCCESS');
    compared[`${second}...${first}`] = { files: ['services/web/a.ts'] };
    const posted = posts;
    await hear(build(first, 'push', 500));
    expect(posts).toBe(posted);
  });

  const notChecked =
    'error: Not checked, run the trigger api-checks: no build was started although services/api/a.ts has changed';
  test.each<[string, Partial<Changes> | undefined, string]>([
    ['the branch still changes it', { files: ['services/api/b.ts', 'docs/c.md'] }, notChecked],
    ['of the branch not all is known', { files: ['docs/c.md'], truncated: true }, notChecked],
    ['of the branch nothing is known', undefined, notChecked],
    ['the branch leaves it alone now', { files: ['docs/c.md'] }, 'success: Not affected by this branch'],
  ])(
    'a forced one: what the commit before had and this one has not counts too; %s',
    async (_what, branch, expected) => {
      await push('SUCCESS');
      compared[`${second}...${third}`] = { files: ['docs/c.md'], isForward: false };
      compared[`${third}...${second}`] = { files: ['services/api/a.ts', 'docs/a.md'] };
      const forced = build(third, 'push', 200);
      await hear(forced);
      expect(of(third, 'api')).toBeUndefined();
      expect(of(third, 'web')).toBe('success: Not affected by this push: passed at 2222222');
      compared[`main...${third}`] = branch;
      await tick(300);
      expect(of(third, 'api')).toBe(expected);
    },
  );

  test.each<[string, readonly string[]]>([
    ['a branch of documents', ['docs/new.md']],
    ['a branch without a change of its own', []],
  ])('an older branch had the same name: %s is not taken for changed', async (_what, files) => {
    await push('FAILURE');
    compared[`${second}...${third}`] = { files: ['services/web/main.ts', ...files], isForward: false };
    compared[`${third}...${second}`] = { files: ['services/api/a.ts', 'docs/a.md'] };
    compared[`main...${third}`] = { files };
    await hear(build(third, 'push', 5000));
    expect(statuses[third]).toBeUndefined();
    await tick(5100);
    expect([of(third, 'api'), of(third, 'web')]).toEqual([
      'success: Not affected by this branch',
      'success: Not affected by this branch',
    ]);
  });

  test('nothing was said of the commit before: what the branch leaves alone is fine, the rest is not', async () => {
    compared[`${first}...${second}`] = { files: ['docs/a.md'] };
    compared[`main...${second}`] = { files: ['services/api/a.ts', 'docs/a.md'] };
    build(first, 'push', -9000);
    const later = build(second, 'push', 0);
    await hear(later);
    expect([of(second, 'api'), of(second, 'web')]).toEqual([
      undefined,
      'success: Not affected by this branch',
    ]);
    await tick(90);
    expect(of(second, 'api')).toMatch(
      /^error: Not checked, run the trigger api-checks: .* services\/api\/a\.ts has changed$/,
    );
  });
});

describe('what GitHub does not tell', () => {
  test.each<[string, Partial<Changes> | undefined, string]>([
    [
      'more than 300 files',
      { files: ['docs/a.md'], truncated: true },
      'no build was started, and GitHub lists no more than 300 of the changed files',
    ],
    [
      'a commit that it has not',
      undefined,
      'no build was started, and GitHub does not know what has changed',
    ],
  ])('%s: Cloud Build decides, and the status says so', async (_what, changes, said) => {
    compared[`main...${first}`] = changes;
    const push = build(first, 'push', 0, { status: 'WORKING' });
    await hear(push);
    await tick(90);
    expect(statuses).toEqual({});
    builds[0] = { ...push, status: 'SUCCESS' };
    build(first, 'checks', 1, { service: 'api' });
    await tick(1);
    expect(of(first, 'api')).toBeUndefined();
    expect(of(first, 'web')).toBe(`success: Not affected by this push; ${said}`);
    expect(of(first, 'web')?.length).toBeLessThanOrEqual(140 + 'success: '.length);
  });

  test('of 300 files one is of the service: that is enough to know', async () => {
    compared[`main...${first}`] = { files: ['services/api/a.ts'], truncated: true };
    await hear(build(first, 'push', 0));
    await tick(90);
    expect(of(first, 'api')).toMatch(
      /^error: Not checked, run the trigger api-checks: .* services\/api\/a\.ts has changed$/,
    );
  });

  test('an empty push may start everything: it waits for what Cloud Build does', async () => {
    compared[`main...${first}`] = { files: [] };
    await hear(build(first, 'push', 0));
    expect(statuses).toEqual({});
    await tick(90);
    expect(of(first, 'api')).toBe('success: Not affected by this push');
  });

  test('it does not answer: the message comes again, and one push does not keep others from theirs', async () => {
    compared[`main...${second}`] = { files: ['docs/a.md'] };
    failToCompare(first, new Error('no answer'));
    const failing = build(first, 'push', 0, { branch: 'other' });
    build(second, 'push', 1);
    await expect(hear(failing)).rejects.toThrow('1 pushes could not be reported');
    await expect(tick(1)).rejects.toThrow('1 pushes could not be reported');
    expect(of(second, 'api')).toBe('success: Not affected by this push');
  });

  test('GitHub asks to be left alone: nobody asks for the other pushes (trap 28)', async () => {
    failToCompare(first, busy(60));
    build(first, 'push', 0, { branch: 'other' });
    build(second, 'push', 1);
    await expect(tick(90)).rejects.toThrow('1 pushes could not be reported');
    expect(asked).toEqual(['main...1111']);
  });

  test('a difference too large for GitHub: an error for ever, until Cloud Build has decided', async () => {
    failToCompare(first, busy(0));
    compared[`main...${second}`] = { files: ['docs/a.md'] };
    build(first, 'push', 0, { branch: 'other' });
    build(second, 'push', 1);
    await expect(tick(30)).rejects.toThrow('1 pushes could not be reported');
    expect([of(first, 'api'), of(second, 'api')]).toEqual([undefined, 'success: Not affected by this push']);
    await tick(30);
    expect(of(first, 'api')).toBe(
      'success: Not affected by this push; no build was started, and GitHub does not know what has changed',
    );
  });
});

test('one bad build keeps no push from its report, and both errors are said', async () => {
  compared[`main...${first}`] = { files: ['docs/a.md'] };
  build(first, 'push', 0);
  failToCompare(second, new Error('no answer'));
  build(second, 'push', 1, { branch: 'other' });
  const bad = build(third, 'checks', 0, { service: 'api', branch: 'third' });
  const { createStatus } = ports.github;
  const failing: typeof createStatus = (commit, status) =>
    commit === bad.commit ? Promise.reject(new Error('this one never')) : createStatus(commit, status);
  ports = { ...ports, github: { ...ports.github, createStatus: failing } };
  await expect(handleBuildAndPushHint(allPorts(), { tick: new Date(nowMs).toISOString() })).rejects.toThrow(
    /1 builds could not be looked at: this one never; 1 pushes could not be reported: no answer/,
  );
  expect(of(first, 'api')).toBe('success: Not affected by this push');
});
