import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  decodeBuildHint,
  handleBuildHint,
  type BuildStatusPorts,
} from '../../../functions/build-status/handler.ts';
import { earliestBuild, siblingsOf } from '../../../functions/release/same-commit.ts';
import type { CloudBuild, CloudBuildStatus } from '../../../functions/platform/cloud-build.ts';
import type { CommitStatus } from '../../../functions/platform/github.ts';
import { openLedger, type Ledger } from '../../../functions/release/ledger.ts';
import { releaseKey } from '../../../functions/release/naming.ts';
import { memoryBucket } from '../../support/memory-bucket.ts';

const now = new Date('2026-02-01T12:00:00.000Z');
const commit = 'c'.repeat(40);
const head = 'd'.repeat(40);
const minutesAgo = (minutes: number): string => new Date(now.getTime() - minutes * 60_000).toISOString();

/** A release build of `api`, ten minutes old; ids are eight characters. */
const build = (
  id: string,
  part: Partial<CloudBuild> & { service?: string; purpose?: string } = {},
): CloudBuild => {
  const { service = 'api', purpose = 'release', ...rest } = part;
  return {
    id: `${id}-0000`,
    name: `projects/1/locations/l/builds/${id}`,
    status: 'WORKING',
    statusDetail: '',
    failure: '',
    commit,
    repository: 'acme/board',
    branch: 'main',
    substitutions: { _SERVICE: service, _PURPOSE: purpose },
    steps: [],
    logUrl: `http://log/${id}`,
    createTime: minutesAgo(10),
    seconds: undefined,
    digests: [],
    ...rest,
  };
};

let builds: CloudBuild[];
let heads: Record<string, string>;
let ledger: Ledger;
let hints: unknown[];
let posted: CommitStatus[];
let warnings: string[];
let got: string[];
let ports: BuildStatusPorts;

beforeEach(() => {
  builds = [];
  heads = { main: commit };
  hints = [];
  posted = [];
  warnings = [];
  got = [];
  const bucket = memoryBucket();
  ledger = openLedger(bucket, { now: () => now, sleep: () => Promise.resolve() });
  ports = {
    bucket,
    ledger,
    repository: 'acme/board',
    now: () => now,
    log: (_severity, message) => void warnings.push(message),
    topics: { publish: async (_topic, payload) => void hints.push(payload) },
    github: {
      async createStatus(_commit, status) {
        posted.push(status);
        return { accepted: true };
      },
      branchHead: async (branch) => heads[branch],
    },
    builds: {
      async get(name) {
        got.push(name);
        return builds.find((each) => each.name === name);
      },
      createdSince: async (time) => builds.filter(({ createTime }) => createTime >= time.toISOString()),
      ofCommit: async (sha) => builds.filter((each) => each.commit === sha),
    },
  };
});

/** What Cloud Build has now, and a message about it. */
async function hear(heard: CloudBuild): Promise<void> {
  builds = [...builds.filter(({ name }) => name !== heard.name), heard];
  await handleBuildHint(ports, { id: heard.id, name: heard.name });
}
const releaseOf = (id: string, service = 'api') => ledger.release(releaseKey(service, commit, id));
const tick = (): Promise<void> => handleBuildHint(ports, { tick: now.toISOString() });

describe('a build', () => {
  test('makes its release, and everybody hears of it', async () => {
    await hear(build('11111111'));
    expect(await releaseOf('11111111')).toMatchObject({
      stage: 'building',
      branch: 'main',
      orderedAt: minutesAgo(10),
      build: { id: '11111111-0000', status: 'WORKING', logUrl: 'http://log/11111111' },
    });
    expect(hints).toEqual([{ service: 'api', release: 'ccccccc-11111111' }]);
    expect(posted.map(({ context, state }) => [context, state])).toEqual([['slipway/api/build', 'pending']]);
    expect(await ledger.active()).toEqual(['active/api/ccccccc-11111111']);
  });

  test('heard of twice, is news once (trap 2)', async () => {
    await hear(build('11111111'));
    await hear(build('11111111'));
    expect([hints.length, posted.length]).toEqual([1, 1]);
  });

  test('whatever the message says, the build itself is read: late news change nothing (trap 3)', async () => {
    await hear(build('11111111', { status: 'SUCCESS', digests: ['sha256:x'] }));
    await hear(build('11111111', { status: 'WORKING' }));
    expect((await releaseOf('11111111'))?.build).toMatchObject({ status: 'SUCCESS', digests: ['sha256:x'] });
    expect(posted.at(-1)?.state).toBe('success');
  });

  test.each<[CloudBuildStatus, string]>([
    ['FAILURE', 'failed'],
    ['TIMEOUT', 'failed'],
    ['INTERNAL_ERROR', 'failed'],
    ['EXPIRED', 'failed'],
    ['CANCELLED', 'cancelled'],
  ])('that ends in %s is the end of its release (trap 6)', async (status, stage) => {
    await hear(build('11111111', { status }));
    expect((await releaseOf('11111111'))?.stage).toBe(stage);
  });

  test('that the pipeline has cancelled for a newer push says so, in its status and in its release', async () => {
    const cancelled = build('11111111', { status: 'CANCELLED' });
    const note = JSON.stringify({ by: '22222222-0000', commit: head });
    await ports.bucket.writeIf('cancelled/11111111-0000.json', note, '0');
    await hear(cancelled);
    expect(posted.at(-1)?.description).toBe('The build was cancelled: a newer push (ddddddd)');
    expect((await releaseOf('11111111'))?.history.at(-1)).toMatchObject({
      stage: 'cancelled',
      reason: 'the build was cancelled: a newer push (ddddddd)',
    });
  });

  test.each<[string, Partial<CloudBuild> & { purpose?: string }]>([
    ['of another repository', { repository: 'acme/other' }],
    ['without a commit', { commit: undefined }],
    ['of checks', { purpose: 'checks' }],
  ])('%s makes no release', async (_, part) => {
    await hear(build('11111111', part));
    expect(await ledger.active()).toEqual([]);
    expect(hints).toEqual([]);
  });

  test('of checks is reported under its own name', async () => {
    await hear(build('11111111', { purpose: 'checks' }));
    expect(posted.map(({ context }) => context)).toEqual(['slipway/api/checks']);
  });

  test('that does not exist is no reason to come again', async () => {
    await handleBuildHint(ports, { id: 'x', name: 'projects/1/locations/l/builds/x' });
    expect(warnings).toEqual(['build projects/1/locations/l/builds/x does not exist']);
  });
});

describe('when its commit was pushed', () => {
  test.each<[string, CloudBuild[], CloudBuild, string | undefined, number]>([
    ['the only build of its commit', [], build('11111111'), head, 10],
    [
      'a rerun of a commit that is not the head any more stays old (trap 25)',
      [build('00000000', { createTime: minutesAgo(600) })],
      build('11111111'),
      head,
      600,
    ],
    [
      'a push back to an old commit is new: it is the head again (trap 25)',
      [build('00000000', { createTime: minutesAgo(600) })],
      build('11111111'),
      commit,
      10,
    ],
    [
      'the branch is gone',
      [build('00000000', { createTime: minutesAgo(600) })],
      build('11111111'),
      undefined,
      600,
    ],
    [
      'another service of the commit was built earlier: that is no rerun',
      [build('00000000', { createTime: minutesAgo(11), service: 'web' })],
      build('11111111'),
      head,
      10,
    ],
    [
      'the checks of the commit ran earlier: that is no rerun',
      [build('00000000', { createTime: minutesAgo(11), purpose: 'checks' })],
      build('11111111'),
      head,
      10,
    ],
    [
      'its message comes after that of its rerun',
      [build('22222222', { createTime: minutesAgo(5) })],
      build('11111111'),
      head,
      10,
    ],
  ])('%s', async (_, others, heard, atHead, minutes) => {
    builds = others;
    heads = atHead === undefined ? {} : { main: atHead };
    await hear(heard);
    expect((await releaseOf('11111111'))?.orderedAt).toBe(minutesAgo(minutes));
  });

  test('is found out once: what the head is later does not change it', async () => {
    builds = [build('00000000', { createTime: minutesAgo(600) })];
    await hear(build('11111111'));
    heads = { main: head };
    await hear(build('11111111', { status: 'SUCCESS', digests: ['sha256:x'] }));
    expect((await releaseOf('11111111'))?.orderedAt).toBe(minutesAgo(10));
  });

  test('that GitHub cannot be asked is no answer: nothing is written, and it comes again (trap 8)', async () => {
    builds = [build('00000000', { createTime: minutesAgo(600) })];
    const github = { ...ports.github, branchHead: () => Promise.reject(new Error('502')) };
    const heard = build('11111111');
    builds.push(heard);
    await expect(handleBuildHint({ ...ports, github }, { id: heard.id, name: heard.name })).rejects.toThrow(
      '502',
    );
    expect(await releaseOf('11111111')).toBeUndefined();
    await hear(heard);
    expect((await releaseOf('11111111'))?.orderedAt).toBe(minutesAgo(10));
  });
});

describe('builds of the same commit', () => {
  const all = [
    build('33333333', { service: 'web', createTime: minutesAgo(1) }),
    build('11111111', { createTime: minutesAgo(10) }),
    build('22222222', { createTime: minutesAgo(20) }),
    build('44444444', { service: 'db' }),
    build('55555555', { service: 'web' }),
    build('66666666', { service: 'docs', purpose: 'checks' }),
    build('77777777', { service: 'other', repository: 'acme/other' }),
  ];
  test('the first one of a service', () => {
    expect(earliestBuild(all, 'api', 'acme/board')?.id).toBe('22222222-0000');
    expect(earliestBuild(all, 'docs', 'acme/board')).toBeUndefined();
  });
  test('the other services that are released from it', () => {
    expect(siblingsOf(all, 'api', 'acme/board')).toEqual(['db', 'web']);
  });
  test('stand in the release once its build has ended well: by then all have begun', async () => {
    builds = [build('33333333', { service: 'web' })];
    await hear(build('11111111'));
    expect((await releaseOf('11111111'))?.siblings).toEqual([]);
    await hear(build('11111111', { status: 'SUCCESS', digests: ['sha256:x'] }));
    expect((await releaseOf('11111111'))?.siblings).toEqual(['web']);
  });
});

describe('a tick', () => {
  test('finds the builds of which no message came (trap 5)', async () => {
    builds = [build('11111111', { status: 'SUCCESS', digests: ['sha256:x'] })];
    await tick();
    expect((await releaseOf('11111111'))?.build.status).toBe('SUCCESS');
  });

  test('looks at old builds that a release still waits for (trap 5)', async () => {
    const long = build('11111111', { createTime: minutesAgo(600) });
    await hear(long);
    builds = [{ ...long, status: 'FAILURE' }];
    got = [];
    await tick();
    expect((await releaseOf('11111111'))?.stage).toBe('failed');
    expect(got).toEqual([long.name]);
  });

  test('asks for no build twice, and for none that has ended', async () => {
    await hear(build('11111111'));
    await hear(build('22222222', { createTime: minutesAgo(600), status: 'SUCCESS', digests: ['sha256:x'] }));
    got = [];
    await tick();
    expect(got).toEqual([]);
  });

  test('one build that cannot be looked at keeps no other from it', async () => {
    builds = [build('11111111'), build('22222222')];
    const { createStatus } = ports.github;
    let calls = 0;
    const github: BuildStatusPorts['github'] = {
      ...ports.github,
      createStatus: async (...args) => {
        calls += 1;
        if (calls === 1) throw new Error('502');
        return createStatus(...args);
      },
    };
    await expect(handleBuildHint({ ...ports, github }, { tick: 'now' })).rejects.toThrow(
      '1 builds could not be looked at',
    );
    expect(await releaseOf('22222222')).toBeDefined();
    expect(calls).toBe(2);
  });
});

test.each([
  ['{"id":"x","name":"projects/1/locations/l/builds/x","status":"WORKING"}', true],
  ['{"tick":"2026-02-01T12:00:00.000Z"}', true],
  ['{"id":"","name":""}', false],
  ['[]', false],
])('a message that is unreadable is none (trap 7): %s', (text, ok) => {
  expect(decodeBuildHint({ messageId: '1', publishTime: '', attributes: {}, text }).ok).toBe(ok);
});
