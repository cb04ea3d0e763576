import { expect, jest, test } from '@jest/globals';
import { simulate } from './simulate.ts';

jest.setTimeout(120_000);

const size = { services: 3, releases: 8 };

test('the same seed goes the same way twice, to the last line', async () => {
  const [first, second] = [await simulate({ seed: 4, ...size }), await simulate({ seed: 4, ...size })];
  expect(second.traceHash).toBe(first.traceHash);
  expect(second.figures).toEqual(first.figures);
  expect(second.injected).toEqual(first.injected);
  expect(first.figures.events).toBeGreaterThan(1_000);
});

test('another seed goes another way', async () => {
  const [first, second] = [await simulate({ seed: 5, ...size }), await simulate({ seed: 6, ...size })];
  expect(second.traceHash).not.toBe(first.traceHash);
});

test('a fault that is left out takes nothing else with it', async () => {
  const whole = await simulate({ seed: 7, ...size });
  const [left, ...others] = whole.injected;
  const only = { actions: new Set(whole.actions), faults: new Set(others.map(({ id }) => id)) };
  const again = await simulate({ seed: 7, ...size, only });
  expect(again.injected.map(({ id }) => id)).not.toContain(left?.id);
  expect(again.injected.length).toBeGreaterThan(0);
});
