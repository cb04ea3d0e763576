import type { RunService, TrafficTarget } from '../../../functions/platform/cloud-run.ts';
import { releasePolicy, type ReleasePolicy } from '../../../functions/release/policy.ts';
import type { Release, ReleaseStep, Verdict } from '../../../functions/release/release.ts';
import {
  newServiceRecord,
  type Frozen,
  type ServiceRecord,
  type Serving,
} from '../../../functions/release/service-record.ts';

/** One service at noon: `old` is stable, `older` was before it, and a release of a newer commit is under way. */

export const now = new Date('2026-03-02T12:00:00.000Z');
export const minutesAgo = (minutes: number): string =>
  new Date(now.getTime() - minutes * 60_000).toISOString();

export const candidate = 'api-ccccccc-33333333';
export const old = 'api-bbbbbbb-22222222';
export const older = 'api-aaaaaaa-11111111';
export const digest = `sha256:${'3'.repeat(64)}`;

export const policy = (
  rollout: Partial<ReleasePolicy['rollout']> = {},
  schema: Partial<ReleasePolicy['schema']> = {},
): ReleasePolicy =>
  releasePolicy.parse({
    health: {},
    rollout: {
      steps: [
        { percent: 5, atLeastSeconds: 60, atMostSeconds: 600 },
        { percent: 25, atLeastSeconds: 60, atMostSeconds: 600 },
      ],
      bakeSeconds: 600,
      onInconclusive: 'promote',
      approve: [],
      metrics: {},
      ...rollout,
    },
    schema,
    public: true,
  });

export const verdict = (word: Verdict['verdict']): Verdict => ({
  verdict: word,
  reasons: ['41 of 380 answers were errors'],
  at: minutesAgo(2),
});

export const step = (percent: number, part: Partial<ReleaseStep> = {}): ReleaseStep => ({
  percent,
  askedAt: minutesAgo(5),
  servingAt: minutesAgo(4),
  ...part,
});

/** A release of a commit of `a`, `b` or `c`s, pushed in that order; verified, its build in SUCCESS, no traffic yet. */
export function releaseOf(letter: 'a' | 'b' | 'c', part: Partial<Release> = {}, rules = policy()): Release {
  const figure = String('abc'.indexOf(letter) + 1);
  const id = `${letter.repeat(7)}-${figure.repeat(8)}`;
  const created = minutesAgo(100 - 10 * Number(figure));
  const image = `sha256:${figure.repeat(64)}`;
  return {
    schemaVersion: 2,
    service: 'api',
    id,
    commit: letter.repeat(40),
    branch: 'main',
    createdAt: created,
    orderedAt: created,
    stage: 'verifying',
    build: {
      id: `${figure.repeat(8)}-0000-4000-8000-000000000000`,
      name: 'projects/1/locations/europe-west1/builds/1',
      createTime: created,
      status: 'SUCCESS',
      logUrl: '',
      digests: [image],
    },
    siblings: [],
    candidate: {
      revision: `api-${id}`,
      image: `europe-west1-docker.pkg.dev/p/slipway/api@${image}`,
      url: 'http://tag',
      policy: rules,
    },
    verdict: verdict('healthy'),
    probes: [],
    steps: [],
    approvals: [],
    history: [],
    ...part,
  };
}

export const rolling = (part: Partial<Release> = {}, rules = policy()): Release =>
  releaseOf('c', { stage: 'rolling-out', steps: [step(5)], ...part }, rules);

export const serving = (letter: 'a' | 'b' | 'c', schemaVersion = 0): Serving => {
  const release = releaseOf(letter);
  return {
    release: release.id,
    revision: release.candidate?.revision ?? '',
    image: release.candidate?.image ?? '',
    commit: release.commit,
    order: `${release.orderedAt} ${release.build.createTime} ${release.id}`,
    schemaVersion,
    since: release.createdAt,
  };
};

export const recordWith = (part: Partial<ServiceRecord> = {}): ServiceRecord => ({
  ...newServiceRecord('api'),
  stable: serving('b'),
  previousGood: serving('a'),
  traffic: { asked: [{ revision: old, percent: 100 }], before: [], at: minutesAgo(60), by: 'x' },
  ...part,
});

export const frozenBy = (cause: Frozen['cause']): Frozen => ({
  cause,
  by: 'ana@example.com',
  why: 'orders fail',
  at: minutesAgo(4),
});

export const decision = { at: now.toISOString(), by: 'ben@example.com', why: 'looked at it' };

/** Cloud Run with this traffic, which it serves. */
export function running(
  shares: Readonly<Record<string, number>>,
  part: Partial<RunService> = {},
): RunService {
  const traffic: TrafficTarget[] = Object.entries(shares).map(([revision, percent]) => ({
    revision,
    percent,
    tag: undefined,
  }));
  return {
    name: 'projects/p/locations/l/services/api',
    etag: '"1"',
    url: 'http://api',
    traffic,
    serving: traffic.map((target) => ({ ...target, url: undefined })),
    settled: true,
    failure: undefined,
    open: true,
    lastModifier: undefined,
    ...part,
  };
}
