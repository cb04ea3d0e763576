import type { Release } from '../../functions/release/release.ts';
import { newServiceRecord, type ServiceRecord } from '../../functions/release/service-record.ts';
import {
  begun,
  canaryTo25,
  canaryToLive,
  older,
  policyOf,
  seen,
  told,
  withStable,
  worse,
} from './told-releases.ts';

export interface Scene {
  readonly release: Release;
  readonly record: ServiceRecord;
}

const ada = { by: 'Ada <ada@example.com>', why: 'looks good & "fine"' };
const approving = policyOf({ approve: [25] });

/** What people may come to see, by name. */
export const scenes = {
  live: { release: told(canaryToLive), record: withStable() },
  'rolled-back': {
    release: told([
      ...canaryTo25,
      ...seen.judged(512, 25, 'unhealthy', worse),
      [515, { kind: 'rolled-back', reason: worse }],
    ]),
    record: withStable(),
  },
  'rolled-back-by-hand': {
    release: told([
      ...canaryToLive,
      [90_000, { kind: 'rolled-back', reason: `rolled back to ${older}: checkout is slow`, by: ada.by }],
    ]),
    record: withStable(),
  },
  superseded: {
    release: told([
      ...canaryTo25,
      [560, { kind: 'superseded', reason: 'a newer release is being rolled out: 9b8c7d6-5e4f3a2b' }],
    ]),
    record: withStable(),
  },
  first: {
    release: told([
      ...begun(),
      ...seen.step(130, 100),
      ...seen.judged(735, 100, 'healthy', 'no bad answers'),
      [736, { kind: 'traffic-confirmed', reason: '100 % served' }],
    ]),
    record: newServiceRecord('api'),
  },
  waiting: {
    release: told([
      ...begun(approving),
      ...seen.step(130, 5),
      ...seen.judged(434, 5, 'healthy', 'Not worse than stable'),
    ]),
    record: withStable(),
  },
  approved: {
    release: told([
      ...begun(approving),
      ...seen.step(130, 5),
      ...seen.judged(434, 5, 'healthy', 'Not worse than stable'),
      [
        50_400,
        {
          kind: 'approved',
          percent: 25,
          decision: { at: new Date(Date.UTC(2026, 0, 1, 23)).toISOString(), ...ada },
        },
      ],
      ...seen.step(50_401, 25),
    ]),
    record: withStable(),
  },
  failed: {
    release: told([
      ...seen.candidate(74),
      ...seen.verified(
        140,
        'unhealthy',
        'health check /health answered 500 instead of 200 (58 times) within 60 s',
      ),
    ]),
    record: withStable(),
  },
  'build-failed': {
    release: told([
      [61, { kind: 'build', status: 'FAILURE', digests: [], failure: 'step test failed with exit status 1' }],
    ]),
    record: withStable(),
  },
  inconclusive: {
    release: told([
      ...seen.candidate(74),
      ...seen.verified(140, 'inconclusive', '/health answered 429 (60 times)'),
      ...seen.built(150),
    ]),
    record: withStable(),
  },
  frozen: {
    release: told(canaryTo25),
    record: withStable({
      frozen: { at: '2026-01-01T09:08:00.000Z', by: 'Grace', why: 'an incident elsewhere', cause: 'person' },
    }),
  },
  promoted: {
    release: told([
      ...canaryTo25,
      [470, { kind: 'promoted', decision: { at: '2026-01-01T09:07:50.000Z', ...ada } }],
      ...seen.step(472, 100),
    ]),
    record: withStable(),
  },
  'taken-over': {
    release: told([
      ...canaryTo25,
      [
        600,
        {
          kind: 'taken-over',
          reason: 'the traffic is api-x 100 %, where 25 % was asked for',
          by: 'grace@example.com',
        },
      ],
    ]),
    record: withStable(),
  },
  building: { release: told([]), record: withStable() },
  verifying: { release: told(seen.candidate(74)), record: withStable() },
  asked: {
    release: told([...begun(), [130, { kind: 'traffic-requested', percent: 5, reason: 'healthy' }]]),
    record: withStable(),
  },
} satisfies Record<string, Scene>;

export type SceneName = keyof typeof scenes;
export const sceneNames = Object.keys(scenes) as SceneName[];
