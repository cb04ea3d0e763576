import { releasePolicy, type ReleasePolicy } from '../../functions/release/policy.ts';
import {
  orderOf,
  type Candidate,
  type Release,
  type Stage,
  type Verdict,
} from '../../functions/release/release.ts';
import type { Serving } from '../../functions/release/service-record.ts';

export const policy: ReleasePolicy = releasePolicy.parse({
  health: { deadlineSeconds: 20, watchSeconds: 6 },
  rollout: {
    steps: [
      { percent: 10, atLeastSeconds: 60, atMostSeconds: 300 },
      { percent: 50, atLeastSeconds: 60, atMostSeconds: 300 },
    ],
    bakeSeconds: 120,
    onInconclusive: 'promote',
    approve: [],
    metrics: {},
  },
  public: true,
});

export const digest = `sha256:${'d'.repeat(64)}`;

export const candidate: Candidate = {
  revision: 'api-aaaaaaa-11111111',
  image: `europe-west1-docker.pkg.dev/p/slipway/api@${digest}`,
  url: 'http://127.0.0.1:1',
  policy,
};

export const healthy: Verdict = {
  verdict: 'healthy',
  reasons: ['6 of 6 probes'],
  at: '2026-01-01T00:01:00.000Z',
};
export const inconclusive: Verdict = {
  verdict: 'inconclusive',
  reasons: ['too little is known'],
  at: '2026-01-01T00:01:00.000Z',
};
export const unhealthy: Verdict = {
  verdict: 'unhealthy',
  reasons: ['answered 500'],
  at: '2026-01-01T00:01:00.000Z',
};

/** A release of `api` at a stage, with what a release at that stage has. */
export function releaseAt(stage: Stage, part: Partial<Release> = {}): Release {
  const before: readonly Stage[] = ['building'];
  return {
    schemaVersion: 2,
    service: 'api',
    id: 'aaaaaaa-11111111',
    commit: 'a'.repeat(40),
    branch: 'main',
    createdAt: '2026-01-01T00:00:00.000Z',
    orderedAt: '2026-01-01T00:00:00.000Z',
    stage,
    build: {
      id: '11111111-0000-0000-0000-000000000000',
      name: 'projects/1/locations/europe-west1/builds/11111111-0000-0000-0000-000000000000',
      createTime: '2026-01-01T00:00:00.000Z',
      status: stage === 'rolling-out' || stage === 'live' ? 'SUCCESS' : 'WORKING',
      logUrl: 'http://log',
      digests: [digest],
    },
    ...(before.includes(stage) ? {} : { candidate }),
    ...(stage === 'rolling-out' || stage === 'live' ? { verdict: healthy } : {}),
    siblings: [],
    probes: [],
    steps:
      stage === 'rolling-out'
        ? [{ percent: 10, askedAt: '2026-01-01T00:02:00.000Z', servingAt: '2026-01-01T00:02:01.000Z' }]
        : [],
    approvals: [],
    history: [{ at: '2026-01-01T00:00:00.000Z', stage, reason: 'for the test' }],
    ...part,
  };
}

/** A release of its own commit, build, revision and image; a higher digit is a newer one. */
export function nthRelease(digit: number, stage: Stage, part: Partial<Release> = {}): Release {
  const day = `2026-01-0${digit}T00:00:00.000Z`;
  const commit = String(digit).repeat(40);
  const service = part.service ?? 'api';
  const id = `${commit.slice(0, 7)}-${commit.slice(0, 8)}`;
  const own = `sha256:${String(digit).repeat(64)}`;
  const release = releaseAt(stage, {
    service,
    id,
    commit,
    createdAt: day,
    orderedAt: day,
  });
  return {
    ...release,
    build: {
      ...release.build,
      id: `${commit.slice(0, 8)}-0000-0000-0000-000000000000`,
      name: `projects/1/locations/europe-west1/builds/${commit.slice(0, 8)}`,
      createTime: day,
      digests: [own],
    },
    ...(release.candidate
      ? {
          candidate: {
            ...candidate,
            revision: `${service}-${id}`,
            image: `europe-west1-docker.pkg.dev/p/slipway/${service}@${own}`,
          },
        }
      : {}),
    ...part,
  };
}

/** The release with its build ended in SUCCESS. */
export const built = (release: Release): Release => ({
  ...release,
  build: { ...release.build, status: 'SUCCESS' },
});

/** The release with another policy of its rollout, its schema or its set. */
export const withPolicy = (release: Release, part: PolicyPart): Release =>
  release.candidate
    ? {
        ...release,
        candidate: {
          ...release.candidate,
          policy: {
            ...release.candidate.policy,
            ...part,
            rollout: { ...release.candidate.policy.rollout, ...part.rollout },
          },
        },
      }
    : release;

type PolicyPart = Partial<Omit<ReleasePolicy, 'rollout'>> & { rollout?: Partial<ReleasePolicy['rollout']> };

/** What the service's record says of the release once it serves. */
export function servingNth(digit: number, part: Partial<Serving> = {}): Serving {
  const release = nthRelease(digit, 'live');
  return {
    release: release.id,
    revision: release.candidate?.revision ?? '',
    image: release.candidate?.image ?? '',
    commit: release.commit,
    order: orderOf(release),
    schemaVersion: 0,
    since: release.createdAt,
    ...part,
  };
}
