import { describe, expect, test } from '@jest/globals';
import type { DeployedService } from '../../../scripts/builder/run-deployments.ts';
import { serviceAddresses } from '../../../scripts/builder/service-addresses.ts';

const deployed = (url: string): DeployedService => ({
  url,
  etag: '"1"',
  traffic: [],
  latestReady: undefined,
  lastModifier: undefined,
  serving: [],
  tagUrls: {},
});

/** Time that passes only by sleeping. */
function patience(): {
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  print: (line: string) => void;
  printed: string[];
} {
  let now = 0;
  const printed: string[] = [];
  return {
    printed,
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    print: (line) => {
      printed.push(line);
    },
  };
}

describe('serviceAddresses', () => {
  test('nothing to look for: nothing is asked', async () => {
    const run = { service: () => Promise.reject(new Error('asked')) };
    expect(await serviceAddresses(run, [], patience())).toEqual({});
  });

  test('a service that exists and has no address yet is waited for too', async () => {
    const time = patience();
    const run = {
      service: async (name: string) =>
        time.now() < 5_000 ? (name === 'api' ? deployed('') : undefined) : deployed(`https://${name}.test`),
    };
    expect(await serviceAddresses(run, ['api', 'streaming'], time)).toEqual({
      api: 'https://api.test',
      streaming: 'https://streaming.test',
    });
    expect(time.now()).toBe(6_000);
  });

  test('it says every ten seconds what it waits for, and gives up after ten minutes', async () => {
    const time = patience();
    const run = {
      service: async (name: string) => (name === 'api' ? deployed('https://api.test') : undefined),
    };
    await expect(serviceAddresses(run, ['api', 'streaming'], time)).rejects.toThrow(
      'streaming has no address on Cloud Run after 600 s; release streaming first, then run this build again',
    );
    expect(time.printed.slice(0, 3)).toEqual([
      'waiting for the address of streaming: not deployed yet (0 s of 600 s)',
      'waiting for the address of streaming: not deployed yet (10 s of 600 s)',
      'waiting for the address of streaming: not deployed yet (20 s of 600 s)',
    ]);
    expect(time.printed).toHaveLength(60);
  });
});
