import { describe, expect, jest, test } from '@jest/globals';
import { failureText } from './failure-text.ts';
import { shortestReplay } from './shortest-replay.ts';
import { simulate } from './simulate.ts';

jest.setTimeout(120_000);

/* `npm run faults` runs as many as one likes; these are for every run of the tests. */
const size = { services: 3, releases: 6 };
const seeds = Array.from({ length: 24 }, (_, index) => index + 1);

async function failureOf(options: Parameters<typeof simulate>[0]): Promise<string> {
  const result = await simulate(options);
  return result.violation ? failureText(result, options, await shortestReplay(options, result)) : '';
}

describe('whatever fails, dies, is lost or repeated, and whatever people do meanwhile (traps 1 to 31)', () => {
  test.each(seeds)('seed %i: every invariant holds', async (seed) => {
    expect(await failureOf({ seed, ...size })).toBe('');
  });

  test('many services at once', async () => {
    expect(await failureOf({ seed: 1, services: 8, releases: 16 })).toBe('');
  });
});
