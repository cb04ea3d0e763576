import { describe, expect, test } from '@jest/globals';
import { handleAlert, type AlertPorts } from '../../../functions/alerts/handler.ts';
import { decodeAlert } from '../../../functions/alerts/incident.ts';
import { openLedger } from '../../../functions/release/ledger.ts';
import { objects } from '../../../functions/release/naming.ts';
import { subscriber } from '../../../functions/subscriber.ts';
import { ProcessDied } from '../../support/port-calls.ts';
import { healthy, nthRelease, servingNth } from '../../support/release.ts';
import { rolloutWorld, type RolloutWorld } from '../../support/rollout-world.ts';
import { alertEvent, channelTest, incidentPayload, type Part } from './payloads.ts';

const [second = '', third = ''] = [2, 3].map((digit) => nthRelease(digit, 'live').id);
const revision = (id: string): string => `api-${id}`;
const note = objects.alert('0.nabc1d2e3f4g', 'open');

interface AlertWorld extends RolloutWorld {
  /** Pub/Sub brings it to the function. */
  bring(payload: unknown): Promise<void>;
  open(part?: Part, labels?: Readonly<Record<string, string>>): object;
  noteOf(object: string): unknown;
}

/** `3` has 10 %, `2` is stable; the function as `functions/main.ts` has it. */
async function alertWorld(stage: 'rolling-out' | 'live' = 'rolling-out'): Promise<AlertWorld> {
  const world = rolloutWorld();
  const now = world.ports.now();
  const at = new Date(now.getTime() - 60_000).toISOString();
  const isLive = stage === 'live';
  await world.stand(
    isLive
      ? { stable: servingNth(3), previousGood: servingNth(2) }
      : { stable: servingNth(2), rollingOut: { release: third, order: servingNth(3).order } },
    nthRelease(2, isLive ? 'superseded' : 'live'),
    nthRelease(3, stage, {
      steps: [{ percent: isLive ? 100 : 10, askedAt: at, servingAt: at, verdict: healthy }],
      history: [{ at, stage, reason: 'for the test' }],
    }),
  );
  await world.serve(isLive ? { [revision(third)]: 100 } : { [revision(second)]: 90, [revision(third)]: 10 });
  world.calls.start();
  const bucket = world.calls.through('bucket', world.bucket);
  const ports: AlertPorts = {
    ...world.ports,
    bucket,
    ledger: openLedger(bucket, world.ports),
    topics: world.ports.topics,
    project: 'p',
    region: 'europe-west1',
  };
  const handle = subscriber(ports, decodeAlert, (alert) => handleAlert(ports, alert));
  return {
    ...world,
    bring: (payload) => handle(alertEvent(payload)),
    open: (part = {}, labels = { revision_name: revision(third) }) =>
      incidentPayload({ started_at: Math.floor(now.getTime() / 1000) - 30, ...part }, labels),
    noteOf: (object) => {
      const text = world.bucket.objects.get(object)?.text;
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    },
  };
}

const worst = ({ logged }: AlertWorld): string[] => logged.map(({ severity }) => severity);

describe('an alert', () => {
  test('takes the candidate back that it names, and the traffic follows', async () => {
    const world = await alertWorld();
    await world.bring(world.open());
    expect(world.hints).toEqual([{ service: 'api', release: third }]);
    expect(world.noteOf(note)).toMatchObject({ release: third, incident: { id: '0.nabc1d2e3f4g' } });
    await world.handle(third);
    const release = await world.release(third);
    expect(release.stage).toBe('rolled-back');
    expect(release.history.at(-1)?.reason).toContain(
      'alert "API answers with errors": Request Count for p api',
    );
    expect(world.run.served('api')).toEqual({ [revision(second)]: 100 });
  });

  test('takes a release back that has just gone live, and the traffic follows', async () => {
    const world = await alertWorld('live');
    await world.bring(world.open({ policy_user_labels: { slipway: 'rollback' } }, {}));
    await world.handle(third);
    expect((await world.release(third)).stage).toBe('rolled-back');
    expect(world.run.served('api')).toEqual({ [revision(second)]: 100 });
    expect((await world.record()).quarantine).toMatchObject([{ release: third }]);
  });

  test('that comes again does nothing more (trap 33)', async () => {
    const world = await alertWorld();
    await world.bring(world.open());
    const once = new Map(world.bucket.objects);
    await world.bring(world.open({ summary: 'Still so.' }));
    expect(world.bucket.objects).toEqual(once);
    expect(world.hints).toHaveLength(1);
    expect(worst(world)).toEqual(['NOTICE', 'INFO']);
  });

  test('that is closed is noted, and no more', async () => {
    const world = await alertWorld();
    const before = await world.release(third);
    await world.bring(world.open({ state: 'closed' }));
    expect(await world.release(third)).toEqual(before);
    expect(world.noteOf(objects.alert('0.nabc1d2e3f4g', 'closed'))).toMatchObject({
      why: 'it is closed: nothing to do',
    });
    // It does not stand in the way of the news that it is open, which may come later.
    await world.bring(world.open());
    expect((await world.release(third)).steps.at(-1)?.verdict?.verdict).toBe('unhealthy');
  });

  test('that is about nothing of ours is said to be so, and noted', async () => {
    const world = await alertWorld();
    await world.bring(world.open({ resource: { type: 'gce_instance', labels: { zone: 'z' } } }));
    expect(worst(world)).toEqual(['WARNING']);
    expect(world.logged[0]?.message).toMatch(/takes no release back: it is about gce_instance/);
    expect(world.noteOf(note)).toMatchObject({ why: expect.stringContaining('gce_instance') });
    expect(world.hints).toEqual([]);
  });

  test('keeps out of the way of the names of objects', async () => {
    const world = await alertWorld();
    await world.bring(world.open({ incident_id: '../active/api/x' }));
    expect(world.noteOf('alerts/..%2Factive%2Fapi%2Fx-open.json')).toBeDefined();
  });

  test('reaches a release that moves on to its next step meanwhile', async () => {
    const world = await alertWorld();
    const { writeIf } = world.bucket;
    let moved = false;
    Object.assign(world.bucket, {
      writeIf: async (...args: Parameters<typeof writeIf>) => {
        if (!moved && args[0] === objects.release({ service: 'api', id: third })) {
          moved = true;
          await world.ledger.record(
            { service: 'api', id: third },
            { kind: 'traffic-requested', percent: 50, reason: '50 %' },
          );
        }
        return writeIf(...args);
      },
    });
    await world.bring(world.open());
    const { steps } = await world.release(third);
    expect(steps.map(({ percent, verdict }) => [percent, verdict?.verdict])).toEqual([
      [10, 'healthy'],
      [50, 'unhealthy'],
    ]);
  });

  test.each(['before', 'after'] as const)(
    'is not lost when the function dies %s any call to the outside (trap 34)',
    async (when) => {
      const smooth = await alertWorld();
      await smooth.bring(smooth.open());
      await smooth.handle(third);
      for (let at = 0; ; at += 1) {
        const world = await alertWorld();
        world.calls.start({ at, when });
        const death = await world.bring(world.open()).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (death === undefined) {
          expect(at).toBeGreaterThan(5);
          return;
        }
        expect(death).toBeInstanceOf(ProcessDied);
        world.calls.start();
        // Pub/Sub brings it again; the tick brings the news that were not published.
        await world.bring(world.open());
        await world.handle(third);
        expect([at, world.run.served('api')]).toEqual([at, smooth.run.served('api')]);
        expect([at, (await world.release(third)).stage]).toEqual([at, 'rolled-back']);
        expect(world.noteOf(note)).toMatchObject({ release: third });
      }
    },
  );
});

test('the test of a channel is acknowledged without doing anything (trap 33)', async () => {
  const world = await alertWorld();
  const before = new Map(world.bucket.objects);
  await world.bring(channelTest);
  expect(world.bucket.objects).toEqual(before);
  expect(worst(world)).toEqual(['INFO']);
});

test('what cannot be read is put aside (trap 7)', async () => {
  const world = await alertWorld();
  await world.bring('{"version":"1.2","incident":{"state":"half open"}}');
  expect(worst(world)).toEqual(['ERROR']);
  expect([...world.bucket.objects.keys()].filter((name) => name.startsWith('quarantine/'))).toHaveLength(1);
});
