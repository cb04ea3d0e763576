import { beforeEach, describe, expect, test } from '@jest/globals';
import { policyAnnotation } from '../../../functions/release/policy.ts';
import { decodeVerificationHint, handleVerificationHint } from '../../../functions/verification/handler.ts';
import { built, candidate, nthRelease, withPolicy } from '../../support/release.ts';
import { verificationWorld, type VerificationWorld } from '../../support/verification-world.ts';

const release = nthRelease(3, 'candidate');
const revision = release.candidate?.revision ?? '';

let world: VerificationWorld;
beforeEach(() => {
  world = verificationWorld();
});
const verdict = async () => (await world.release(release)).verdict;

test('a good candidate is healthy once it has answered for as long as it is watched', async () => {
  await world.stand(release);
  await world.handle(release);
  expect(await world.release(release)).toMatchObject({ stage: 'verifying', verdict: { verdict: 'healthy' } });
  expect(world.seconds).toBe(6);
  expect((await verdict())?.reasons[0]).toMatch(/^7 of 7 probes of \/health answered 200 over 6.0 s/);
  expect(world.evidence(release).probes).toHaveLength(7);
  expect((await world.release(release)).probes).toHaveLength(7);
  // The turn is over: somebody else could go on at once.
  expect([...world.bucket.objects.keys()].filter((name) => name.startsWith('leases/'))).toEqual([]);
});

test('the verdict stands: later hints ask nothing more (trap 2)', async () => {
  await world.stand(release);
  await world.handle(release);
  const before = world.seconds;
  world.answers(() => ({ outcome: 'wrong-status', status: 500 }));
  await world.handle(release);
  expect(world.seconds).toBe(before);
  expect((await verdict())?.verdict).toBe('healthy');
});

test('a crash loop that answers now and then is not healthy (trap 17)', async () => {
  await world.stand(release);
  world.answers((second) =>
    second % 3 === 0 ? { outcome: 'wrong-status', status: 500 } : { outcome: 'ok' },
  );
  await world.handle(release);
  expect(await world.release(release)).toMatchObject({ stage: 'failed', verdict: { verdict: 'unhealthy' } });
});

test('a 429 of the service itself is no failure of its health (trap 17)', async () => {
  await world.stand(release);
  world.answers((second) =>
    second % 2 === 1 ? { outcome: 'rate-limited', status: 429 } : { outcome: 'ok' },
  );
  await world.handle(release);
  expect((await verdict())?.verdict).toBe('healthy');
});

test('who says nothing but 429 is neither healthy nor bad: inconclusive (traps 8, 22)', async () => {
  await world.stand(release);
  world.answers(() => ({ outcome: 'rate-limited', status: 429 }));
  await world.handle(release);
  expect(await world.release(release)).toMatchObject({
    stage: 'verifying',
    verdict: { verdict: 'inconclusive' },
  });
  expect(world.seconds).toBe(20);
});

test('a service that dies while it is watched is bad, however well it answered (trap 17)', async () => {
  await world.stand(release);
  world.meanwhile = async (second) => {
    if (second === 3) world.log.says.system = [{ at: world.at(3), text: 'Container called exit(1).' }];
  };
  await world.handle(release);
  expect((await verdict())?.reasons).toEqual([
    'died while it was watched: the container ended by itself with exit 1, after 7 good answers',
  ]);
});

test('the log is read seldom while probes fail: its quota is small', async () => {
  await world.stand(release);
  world.answers(() => ({ outcome: 'refused' }));
  await world.handle(release);
  expect((await verdict())?.verdict).toBe('unhealthy');
  expect(world.log.reads).toBe(5);
});

describe('what cannot be probed', () => {
  test('a revision that is not ready yet is left for its own event (trap 11)', async () => {
    await world.stand(release);
    world.run.addRevision('api', { name: revision, ready: 'not-yet', createdAt: world.at(0) });
    await world.handle(release);
    expect(await verdict()).toBeUndefined();
    expect(world.seconds).toBe(0);
  });

  test('a revision that did not start is bad, and why', async () => {
    await world.stand(release);
    const annotations = { [policyAnnotation]: JSON.stringify(release.candidate?.policy) };
    const message =
      'The user-provided container failed to start and listen on the port defined by PORT=8080.';
    world.run.addRevision('api', { name: revision, annotations, ready: 'no', message });
    world.log.says = {
      system: [{ at: world.at(0), text: 'Container called exit(1).' }],
      container: ['Error: environment variable DATABASE_URL is not set'],
    };
    await world.handle(release);
    expect((await verdict())?.reasons).toEqual([
      'crashed at start (exit 1): environment variable DATABASE_URL is not set',
    ]);
  });

  test.each(['', '{', '{"health":{"path":"health"}}'])(
    'an unreadable policy is bad: %j',
    async (annotation) => {
      await world.stand(nthRelease(3, 'building'));
      world.run.change('api', { [revision]: 100 }, 'deploy');
      world.run.addRevision('api', { name: revision, annotations: { [policyAnnotation]: annotation } });
      await world.handle(release);
      expect(await world.release(release)).toMatchObject({ stage: 'failed' });
      expect((await verdict())?.reasons[0]).toContain('its annotation slipway.dev/policy cannot be read');
    },
  );

  test('a tag that leads to another revision is never asked (trap 10)', async () => {
    world.run.change('api', { 'api-other': 100 }, 'deploy');
    await world.stand(release);
    world.run.removeRevision('api', revision);
    world.run.addRevision('api', { name: 'api-other' }, `c-${release.id}`);
    const annotations = { [policyAnnotation]: JSON.stringify(release.candidate?.policy) };
    world.run.addRevision('api', { name: revision, annotations });
    await world.handle(release);
    expect((await verdict())?.verdict).toBe('inconclusive');
    expect((await world.release(release)).probes).toEqual([]);
  });

  describe('a tag without an address', () => {
    const patient = withPolicy(release, { health: { ...candidate.policy.health, deadlineSeconds: 100 } });
    const made = (): typeof release => ({
      ...patient,
      history: [{ at: world.at(0), stage: 'candidate', reason: 'it was created' }],
    });
    const annotations = { [policyAnnotation]: JSON.stringify(patient.candidate?.policy) };
    const withoutTag = async (): Promise<void> => {
      world.run.change('api', { 'api-other': 100 }, 'deploy');
      await world.stand(made());
      world.run.removeRevision('api', revision);
      world.run.addRevision('api', { name: revision, annotations });
    };
    const whileGoingOn = async (look: () => void = () => undefined): Promise<void> => {
      do {
        world.hints.length = 0;
        await world.handle(release);
        look();
      } while (
        world.hints.some((hint) => (hint as { release?: string }).release === release.id) &&
        !(await verdict())
      );
    };

    test('says nothing against a revision that Cloud Run is slow with: inconclusive at the declared deadline, in words', async () => {
      await withoutTag();
      await whileGoingOn();
      expect(await verdict()).toMatchObject({
        verdict: 'inconclusive',
        reasons: [
          `Cloud Run gave tag c-${release.id} no address within 100 s (health.deadlineSeconds), so it could not be asked: nothing is known of its health`,
        ],
      });
      expect((await world.release(release)).stage).toBe('verifying');
      expect(world.seconds).toBeGreaterThanOrEqual(100);
      expect(world.seconds).toBeLessThan(135);
    });

    test('no turn waits so long for it that the watch would not fit into it any more', async () => {
      await withoutTag();
      const ends: number[] = [];
      await whileGoingOn(() => ends.push(world.seconds));
      expect(ends.map((end, index) => end - (ends[index - 1] ?? 0))).toEqual([30, 30, 30, 30]);
    });

    test('that comes late is asked as if it had come at once', async () => {
      await withoutTag();
      world.meanwhile = async (second) => {
        if (second === 50) world.run.addRevision('api', { name: revision, annotations }, `c-${release.id}`);
      };
      await whileGoingOn();
      expect((await verdict())?.verdict).toBe('healthy');
      expect(world.seconds).toBe(57);
    });
  });

  describe('a revision that is neither ready nor failed', () => {
    const annotations = { [policyAnnotation]: JSON.stringify(release.candidate?.policy) };
    const stuck = (part: object): void => {
      world.run.addRevision('api', {
        ...{ name: revision, ready: 'not-yet', createdAt: world.at(0), startupSeconds: 20, annotations },
        ...part,
      });
    };

    test.each([
      [199, 20, undefined],
      [200, 20, 'inconclusive'],
      [400, 240, undefined],
      [420, 240, 'inconclusive'],
      [419, undefined, undefined],
      [420, undefined, 'inconclusive'],
    ])('for %i s, with %p s to start, is %p: its wait has an end', async (second, startup, expected) => {
      await world.stand(release);
      stuck(startup === undefined ? { startupSeconds: undefined } : { startupSeconds: startup });
      world.pass(second);
      await world.handle(release);
      expect((await verdict())?.verdict).toBe(expected);
    });

    test('is said to be so in plain words, and waits for a person', async () => {
      await world.stand(nthRelease(3, 'building'));
      world.run.change('api', { 'api-other': 100 }, 'deploy');
      stuck({ message: 'Imported container image. Waiting for capacity.' });
      world.pass(200);
      await world.handle(release);
      expect(await world.release(release)).toMatchObject({
        stage: 'verifying',
        verdict: {
          verdict: 'inconclusive',
          reasons: [
            `${revision} is neither ready nor failed after 3 min 20 s: 20 s to start (startup.deadlineSeconds) and 3 min for Cloud Run to bring it up, which says "Imported container image."`,
          ],
        },
      });
    });
  });

  test.each([
    [9, undefined],
    [10, 'unhealthy'],
  ])('no revision %i minutes after the build has passed: %s', async (minutes, expected) => {
    const passed = built(nthRelease(3, 'building'));
    await world.stand({ ...passed, build: { ...passed.build, endedAt: world.at(-60 * minutes) } });
    await world.handle(release);
    expect((await verdict())?.verdict).toBe(expected);
  });

  test('no revision while it is still built is nothing to worry about', async () => {
    await world.stand(nthRelease(3, 'building'));
    await world.handle(release);
    expect(await verdict()).toBeUndefined();
  });
});

describe('whose event it is', () => {
  const entry = (name: string | undefined) => ({
    resource: { labels: { service_name: 'api', ...(name === undefined ? {} : { revision_name: name }) } },
  });

  test('a log entry leads to its release by the labels of the revision', async () => {
    await world.stand(release);
    const labels = { 'commit-sha': release.commit, 'build-id': release.build.id };
    const annotations = { [policyAnnotation]: JSON.stringify(candidate.policy) };
    world.run.addRevision('api', { name: revision, labels, annotations });
    await handleVerificationHint(world.ports, entry(revision));
    expect((await verdict())?.verdict).toBe('healthy');
  });

  test.each<[string, ReturnType<typeof entry>]>([
    ['of a service without our labels', entry(revision)],
    ['about a service', entry(undefined)],
    ['of a revision that is gone', entry('api-gone')],
  ])('a log entry %s is none of ours (trap 11)', async (_, hint) => {
    await world.stand(release);
    await handleVerificationHint(world.ports, hint);
    expect(await verdict()).toBeUndefined();
    expect(world.seconds).toBe(0);
  });

  test('a hint about the service, or a release without a record, asks nothing', async () => {
    await handleVerificationHint(world.ports, { service: 'api' });
    await world.handle(release);
    expect([...world.bucket.objects.keys()]).toEqual([]);
  });

  test.each([
    ['{"service":"api","release":"x"}', true],
    ['{"service":"api"}', true],
    ['{"resource":{"labels":{"service_name":"api"}}}', true],
    ['{"resource":{}}', false],
    ['no JSON', false],
  ])('a message that is unreadable is none (trap 7): %s', (text, ok) => {
    const message = { messageId: '1', publishTime: '', attributes: {}, text };
    expect(decodeVerificationHint(message).ok).toBe(ok);
  });
});

describe('one at a time', () => {
  test('who comes while another is at it leaves it to them (trap 2)', async () => {
    await world.stand(release);
    const seen: number[] = [];
    world.meanwhile = async (second) => {
      await world.handle(release);
      seen.push(world.seconds - second);
    };
    await world.handle(release);
    expect(new Set(seen)).toEqual(new Set([0]));
    expect(world.evidence(release).probes).toHaveLength(7);
  });

  test('who was taken for dead stops without a verdict (trap 4)', async () => {
    const slow = withPolicy(release, {
      health: { ...candidate.policy.health, watchSeconds: 30, deadlineSeconds: 60 },
    });
    await world.stand(slow);
    world.meanwhile = async (second) => {
      if (second !== 2) return;
      world.pass(40);
      world.meanwhile = async () => undefined;
      await world.handle(release);
      // The second one has the verdict before the first one wakes up.
      world.answers(() => ({ outcome: 'wrong-status', status: 500 }));
    };
    await world.handle(release);
    expect(await world.release(release)).toMatchObject({
      stage: 'verifying',
      verdict: { verdict: 'healthy' },
    });
  });

  test('nobody else begins during the first look, however long it takes', async () => {
    const patient = withPolicy(release, {
      health: { ...candidate.policy.health, timeoutSeconds: 60, deadlineSeconds: 200 },
    });
    await world.stand(patient);
    let looks = 0;
    const { prober } = world.ports;
    const ports: typeof world.ports = {
      ...world.ports,
      prober: (...options) => {
        const inner = prober(...options);
        return {
          ...inner,
          async look() {
            looks += 1;
            if (looks === 1) {
              world.pass(50);
              await handleVerificationHint(ports, { service: 'api', release: release.id });
            }
            return inner.look();
          },
        };
      },
    };
    await handleVerificationHint(ports, { service: 'api', release: release.id });
    // The second one comes at once: the first took longer than the interval.
    expect(looks).toBe(8);
    expect((await verdict())?.verdict).toBe('healthy');
  });
});
