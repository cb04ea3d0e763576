import { describe, expect, jest, test } from '@jest/globals';
import { openLedger } from '../../functions/release/ledger.ts';
import { without } from '../../functions/release/without.ts';
import { simulate } from './simulate.ts';
import type { Ports, Sabotage } from './world/functions.ts';
import type { Size } from './world/scenario.ts';

/* Pipelines that are broken on purpose: a suite that finds nothing in them would find nothing anywhere. */

jest.setTimeout(120_000);

const withBucket = (ports: Ports, bucket: Ports['bucket']): Ports => ({
  ...ports,
  bucket,
  ledger: openLedger(bucket, ports),
});

/** Where it shows soon. */
interface Where extends Size {
  readonly from: number;
}
const busy = { services: 2, releases: 16 };
const short = { services: 3, releases: 6 };

const mutants: readonly (readonly [string, Where, Sabotage])[] = [
  [
    'writes records whatever generation stands (trap 4)',
    { ...busy, from: 1 },
    (ports) =>
      withBucket(ports, {
        ...ports.bucket,
        async writeIf(object, text) {
          await ports.bucket.write(object, text, 'application/json');
          return (await ports.bucket.read(object))?.generation;
        },
      }),
  ],
  [
    'calls every candidate healthy',
    { ...short, from: 1 },
    (ports) => ({
      ...ports,
      ledger: {
        ...ports.ledger,
        record: (key, seen) =>
          ports.ledger.record(
            key,
            seen.kind === 'verdict' ? { ...seen, verdict: { ...seen.verdict, verdict: 'healthy' } } : seen,
          ),
      },
    }),
  ],
  [
    'is slow to set the traffic, and does so whatever etag the service has by then (trap 9)',
    { ...busy, from: 1 },
    (ports) => ({
      ...ports,
      run: {
        ...ports.run,
        async setTraffic(service, traffic) {
          await ports.sleep(60_000);
          const now = await ports.run.service(service.name.split('/').at(-1) ?? '');
          return now ? ports.run.setTraffic(now, traffic) : false;
        },
      },
    }),
  ],
  [
    'does not see that a service is frozen (trap 20)',
    { ...short, from: 6 },
    (ports) => ({
      ...ports,
      ledger: {
        ...ports.ledger,
        service: async (name) => without(await ports.ledger.service(name), 'frozen'),
        updateService: (name, change) =>
          ports.ledger.updateService(name, (record) => change(without(record, 'frozen'))),
      },
    }),
  ],
  [
    'believes every probe',
    { ...short, from: 1 },
    (ports) => ({
      ...ports,
      prober: (...args) => {
        const { look, stop } = ports.prober(...args);
        const good = async () =>
          (await look()).map((probe) => ({ ...probe, outcome: 'ok' as const, status: 200 }));
        return { look: good, stop };
      },
    }),
  ],
  [
    'takes a status for posted when GitHub has not taken it (trap 28)',
    { ...short, from: 1 },
    (ports) => ({
      ...ports,
      github: {
        ...ports.github,
        createStatus: (commit, status) =>
          ports.github.createStatus(commit, status).catch(() => ({ accepted: true as const })),
      },
    }),
  ],
  [
    'has no tick to look again (trap 5)',
    { ...short, from: 1 },
    (ports) => ({ ...ports, ledger: { ...ports.ledger, active: async () => [], services: async () => [] } }),
  ],
];

const mostSeeds = 20;

describe('a pipeline that', () => {
  test.each(mutants)(
    '%s is found out, and the one as it is is not',
    async (_, { from, ...size }, sabotage) => {
      for (let seed = from; seed < from + mostSeeds; seed += 1) {
        const { violation } = await simulate({ seed, ...size, sabotage, restMinutes: 20 });
        if (!violation) continue;
        expect(await simulate({ seed, ...size })).toMatchObject({ violation: undefined });
        return;
      }
      throw new Error(`${mostSeeds} seeds have found nothing`);
    },
  );
});
