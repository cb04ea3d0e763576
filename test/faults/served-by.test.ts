import { expect, test } from '@jest/globals';
import { servedBy, type WorldService } from './world/run.ts';

const service: WorldService = {
  name: 'api',
  traffic: [{ revision: 'api-1', percent: 100, tag: undefined }],
  serving: [{ revision: undefined, percent: 100, tag: undefined }],
  generation: 2,
  observed: 2,
  failure: "Revision 'api-2' is not ready and cannot serve traffic.",
  open: true,
  latestReady: 'api-3',
  latestServed: 'api-1',
  lastModifier: 'cloud-build',
};

test('a pin to the latest that is asked for no more goes on leading where it led (seed 736)', () => {
  expect(servedBy(service)).toEqual([{ revision: 'api-1', percent: 100, tag: undefined }]);
});

test('what is served by name is served by that name', () => {
  expect(servedBy({ ...service, serving: service.traffic })).toEqual(service.traffic);
});
