import type { ReleasePolicy } from '../../functions/release/policy.ts';
import type { Candidate, Release, Stage, Verdict } from '../../functions/release/release.ts';

export const policy: ReleasePolicy = {
  health: {
    path: '/health',
    status: 200,
    consecutiveSuccesses: 3,
    intervalSeconds: 1,
    timeoutSeconds: 5,
    deadlineSeconds: 20,
    watchSeconds: 6,
  },
  rollout: { strategy: 'all-at-once' },
  public: true,
};

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
export const unhealthy: Verdict = {
  verdict: 'unhealthy',
  reasons: ['answered 500'],
  at: '2026-01-01T00:01:00.000Z',
};

/** A release of `api` at a stage, with what a release at that stage has. */
export function releaseAt(stage: Stage, part: Partial<Release> = {}): Release {
  const before: readonly Stage[] = ['building'];
  return {
    schemaVersion: 1,
    service: 'api',
    id: 'aaaaaaa-11111111',
    commit: 'a'.repeat(40),
    branch: 'main',
    createdAt: '2026-01-01T00:00:00.000Z',
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
    probes: [],
    traffic: [],
    history: [{ at: '2026-01-01T00:00:00.000Z', stage, reason: 'for the test' }],
    ...part,
  };
}
