import { expect, test } from '@jest/globals';
import type { Release } from '../../../functions/release/release.ts';
import { newServiceRecord, type ServiceRecord } from '../../../functions/release/service-record.ts';
import { percentsToCome, waitingFor } from '../../../functions/release/waiting.ts';
import { begun, canaryTo25, policyOf, seen, told, withStable } from '../../support/told-releases.ts';
import { scenes } from '../../support/told-scenes.ts';

const at5 = (
  rollout: Parameters<typeof policyOf>[0],
  verdict: 'healthy' | 'inconclusive' | 'unhealthy' = 'healthy',
): Release =>
  told([...begun(policyOf(rollout)), ...seen.step(130, 5), ...seen.judged(434, 5, verdict, 'because')]);

test.each<[string, { release: Release; record: ServiceRecord }, string | undefined]>([
  ['a step whose next percent a person has to approve', scenes.waiting, 'approval 25'],
  ['a step whose next percent was approved', scenes.approved, undefined],
  ['a candidate that could not be judged before any traffic', scenes.inconclusive, 'approval 5'],
  ['a frozen service', scenes.frozen, 'frozen'],
  ['a release that is watched', { release: told(canaryTo25), record: withStable() }, undefined],
  [
    'an inconclusive step, where the policy asks',
    { release: at5({ onInconclusive: 'ask' }, 'inconclusive'), record: withStable() },
    'approval 25',
  ],
  [
    'an inconclusive step, where the policy waits',
    { release: at5({ onInconclusive: 'wait' }, 'inconclusive'), record: withStable() },
    'evidence 5',
  ],
  [
    'an inconclusive step, where the policy goes on',
    { release: at5({ onInconclusive: 'promote' }, 'inconclusive'), record: withStable() },
    undefined,
  ],
  [
    'an unhealthy step of a frozen service, which is not waiting for anybody',
    { release: at5({}, 'unhealthy'), record: scenes.frozen.record },
    undefined,
  ],
  [
    'a verified candidate whose build still runs',
    {
      release: told([...seen.candidate(74, policyOf({ approve: [5] })), ...seen.verified(110)]),
      record: withStable(),
    },
    undefined,
  ],
  [
    'a verified candidate that goes out in a set',
    {
      release: told([
        ...seen.candidate(74, { ...policyOf(), releaseSet: ['web', 'api'] }),
        ...seen.verified(110),
        [150, { kind: 'build', status: 'SUCCESS', digests: [], siblings: ['web'] }],
      ]),
      record: withStable(),
    },
    'set',
  ],
  [
    'a live release of a frozen service',
    { release: scenes.live.release, record: scenes.frozen.record },
    undefined,
  ],
])('%s', (_, { release, record }, expected) => {
  const waiting = waitingFor(release, record);
  const words = waiting && ('percent' in waiting ? `${waiting.kind} ${waiting.percent}` : waiting.kind);
  expect(words).toBe(expected);
});

test.each<[string, Release, ServiceRecord, number[]]>([
  ['all steps of the policy, then everything', scenes.inconclusive.release, withStable(), [5, 25, 50, 100]],
  ['those after the step that it is at', told(canaryTo25), withStable(), [50, 100]],
  [
    'everything at once for the first of a service',
    scenes.inconclusive.release,
    newServiceRecord('api'),
    [100],
  ],
  ['nothing for a live one', scenes.live.release, withStable(), []],
  ['nothing as long as the policy is not known', scenes.building.release, withStable(), []],
])('percents to come: %s', (_, release, record, expected) => {
  expect(percentsToCome(release, record)).toEqual(expected);
});
