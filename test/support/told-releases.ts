import { rolloutPresets } from '../../functions/release/rollout-presets.ts';
import { releasePolicy, type ReleasePolicy } from '../../functions/release/policy.ts';
import { orderOf, type Release, type Verdict } from '../../functions/release/release.ts';
import {
  newServiceRecord,
  type ServiceRecord,
  type Serving,
} from '../../functions/release/service-record.ts';
import { transition, type Observation } from '../../functions/release/transitions.ts';

/** Releases as the transitions make them, out of what was seen of them at which second. */

const start = Date.parse('2026-01-01T09:00:00.000Z');
export const at = (second: number): string => new Date(start + second * 1000).toISOString();

export const revision = 'api-3f2a1bc-0d97c63e';
export const older = 'api-0c11d5e-77aa0b12';
const digest = `sha256:${'d'.repeat(64)}`;

export const policyOf = (rollout: Partial<ReleasePolicy['rollout']> = {}): ReleasePolicy =>
  releasePolicy.parse({
    health: {},
    rollout: { ...rolloutPresets.canary, approve: [], metrics: {}, ...rollout },
    public: true,
  });

const newRelease = (): Release => ({
  schemaVersion: 2,
  service: 'api',
  id: '3f2a1bc-0d97c63e',
  commit: `3f2a1bc${'4'.repeat(33)}`,
  branch: 'main',
  createdAt: at(1),
  orderedAt: at(0),
  stage: 'building',
  build: {
    id: '0d97c63e-1111-4222-8333-444455556666',
    name: 'projects/1/locations/europe-west1/builds/0d97c63e-1111-4222-8333-444455556666',
    createTime: at(0),
    status: 'WORKING',
    logUrl: 'https://console.cloud.google.com/cloud-build/builds/0d97c63e',
    digests: [],
  },
  siblings: [],
  probes: [],
  steps: [],
  approvals: [],
  history: [{ at: at(1), stage: 'building', reason: 'its build was seen' }],
});

/** Throws when an observation is refused or changes nothing: then the story is none that can happen. */
export function told(story: readonly (readonly [second: number, seen: Observation])[]): Release {
  return story.reduce((release, [second, seen]) => {
    const next = transition(release, seen, at(second));
    if (next.kind === 'changed') return next.release;
    throw new Error(`${seen.kind} at ${second} s is ${next.kind === 'refused' ? next.reason : 'unchanged'}`);
  }, newRelease());
}

export const verdict = (word: Verdict['verdict'], second: number, ...reasons: string[]): Verdict => ({
  verdict: word,
  reasons,
  at: at(second),
});

type Story = readonly [second: number, seen: Observation][];

export const seen = {
  candidate: (second: number, policy = policyOf()): Story => [
    [
      second,
      {
        kind: 'candidate',
        candidate: {
          revision,
          image: `europe-west1-docker.pkg.dev/p/slipway/api@${digest}`,
          url: 'https://c-3f2a1bc-0d97c63e---api-abc.a.run.app',
          policy,
        },
      },
    ],
    [second + 2, { kind: 'verification-started' }],
  ],
  built: (second: number): Story => [[second, { kind: 'build', status: 'SUCCESS', digests: [digest] }]],
  verified: (
    second: number,
    word: Verdict['verdict'] = 'healthy',
    reason = '31 of 31 probes of /health answered 200 over 30.0 s',
  ): Story => [
    [
      second,
      {
        kind: 'verdict',
        verdict: verdict(word, second, reason),
        probes: [
          { at: at(second - 2), latencyMs: 12, outcome: 'ok', status: 200, revision },
          {
            at: at(second - 1),
            latencyMs: 14.6,
            outcome: 'wrong-status',
            status: 500,
            detail: 'expected <200> | got other',
          },
        ],
      },
    ],
  ],
  step: (second: number, percent: number, served = second + 4): Story => [
    [second, { kind: 'traffic-requested', percent, reason: `${percent} %` }],
    [served, { kind: 'traffic-serving', percent }],
  ],
  judged: (second: number, percent: number, word: Verdict['verdict'], ...reasons: string[]): Story => [
    [second, { kind: 'step-verdict', percent, verdict: verdict(word, second, ...reasons) }],
  ],
};

export const begun = (policy = policyOf()): Story => [
  ...seen.candidate(74, policy),
  ...seen.verified(110),
  ...seen.built(128),
];

export const canaryTo25: Story = [
  ...begun(),
  ...seen.step(130, 5),
  ...seen.judged(
    434,
    5,
    'healthy',
    'Not worse than stable: 2 of 512 answers of the candidate were errors (0.39 %)',
  ),
  ...seen.step(435, 25),
];

export const worse =
  "Worse than stable: 41 of 380 answers of the candidate were errors (11 %), 6 of 1140 answers of stable were errors (0.53 %); the odds are more than 7.4 times stable's, and a good release is taken back at most 1 % of the time.";

export const canaryToLive: Story = [
  ...canaryTo25,
  ...seen.judged(740, 25, 'healthy', 'Not worse than stable'),
  ...seen.step(741, 50),
  ...seen.judged(1046, 50, 'inconclusive', 'Not clear yet: 0 of 31 answers of the candidate were errors'),
  ...seen.step(1646, 100),
  ...seen.judged(2250, 100, 'healthy', 'no bad answers'),
  [2251, { kind: 'traffic-confirmed', reason: '100 % served for 10 min' }],
];

const serving = (name: string, createTime: string): Serving => ({
  release: name.slice(4),
  revision: name,
  image: 'i',
  commit: `${name.slice(4, 11)}${'0'.repeat(33)}`,
  order: orderOf({ orderedAt: createTime, build: { ...newRelease().build, createTime }, id: name.slice(4) }),
  schemaVersion: 0,
  since: createTime,
});

/** `api` as it stands while an earlier release of it serves. */
export const withStable = (part: Partial<ServiceRecord> = {}): ServiceRecord => ({
  ...newServiceRecord('api'),
  stable: serving(older, at(-86_400)),
  ...part,
});
export { serving };
