import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { healthPolicy } from '../../../functions/release/policy.ts';
import type { Probe } from '../../../functions/release/release.ts';
import { dueSideChecks, sideChecks } from '../../../functions/verification/probe-schedule.ts';
import { createProber, type Prober } from '../../../functions/verification/prober.ts';
import { startHttpServer, type HttpServer } from '../../support/http-server.ts';
import { until } from '../../support/until.ts';

const health = healthPolicy.parse({
  startupPath: '/ready',
  streams: [{ protocol: 'sse', path: '/stream', openSeconds: 60 }],
  journeys: [{ name: 'read', steps: [{ path: '/messages' }] }],
});

describe('what is due', () => {
  const seconds = (value: number): Date => new Date(value * 1000);
  const probe = (at: number, outcome: Probe['outcome'], check?: string): Probe => ({
    at: seconds(at).toISOString(),
    latencyMs: 1,
    outcome,
    ...(check === undefined ? {} : { check }),
  });
  const both = ['sse /stream', 'journey "read"'];
  const journeyOnly = ['journey "read"'];

  test.each<[string, Probe[], string[], number, string[]]>([
    ['nothing before the health path has answered', [], [], 0, []],
    ['nothing while the health path fails', [probe(0, 'ok'), probe(1, 'refused')], [], 2, []],
    ['everything once it has', [probe(0, 'refused'), probe(1, 'ok')], [], 2, both],
    ['everything when it may not be asked', [probe(0, 'rate-limited')], [], 1, both],
    ['what is not under way', [probe(0, 'ok')], ['sse /stream'], 1, journeyOnly],
    [
      'what was good, after ten seconds',
      [probe(0, 'ok'), probe(0, 'ok', 'journey "read"'), probe(0.001, 'ok', 'sse /stream')],
      [],
      10,
      journeyOnly,
    ],
    [
      'what failed, after two',
      [probe(0, 'ok'), probe(0, 'closed-early', 'sse /stream'), probe(0, 'ok', 'journey "read"')],
      [],
      2,
      ['sse /stream'],
    ],
    [
      'what failed, not at once',
      [probe(0, 'ok'), probe(0, 'timeout', 'sse /stream'), probe(0, 'rate-limited', 'journey "read"')],
      [],
      1.9,
      [],
    ],
  ])('%s', (_, probes, running, at, expected) => {
    const due = dueSideChecks(health, probes, new Set(running), seconds(at));
    expect(due.map(({ name }) => name)).toEqual(expected);
  });

  test('checks of one name are told apart', () => {
    const twice = healthPolicy.parse({
      streams: [
        { protocol: 'websocket', path: '/stream', send: 'a' },
        { protocol: 'websocket', path: '/stream', send: 'b' },
      ],
    });
    expect(sideChecks(twice).map(({ name }) => name)).toEqual(['websocket /stream', 'websocket /stream (2)']);
  });
});

describe('looking', () => {
  const asked: string[] = [];
  let ready = 503;
  let stream: ServerResponse | undefined;
  let server: HttpServer;
  let prober: Prober;
  let time = 0;
  const now = (): Date => new Date(time * 1000);
  const look = async (): Promise<(string | undefined)[]> => {
    const probes = await prober.look();
    return probes.map(({ check, outcome }) => `${check ?? 'health'} ${outcome}`);
  };

  beforeEach(async () => {
    [asked.length, ready, stream, time] = [0, 503, undefined, 0];
    server = await startHttpServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url === '/ready') response.writeHead(ready).end();
      else if (request.url === '/stream') {
        stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
        stream.write('data: x\n\n');
      } else response.end();
    });
    const target = { url: server.url, revision: 'api-a', token: undefined };
    prober = createProber(target, health, { now, hasTraffic: false });
  });
  afterEach(async () => {
    prober.stop();
    await server.close();
  });

  test('startup first, then the health path, then the rest beside it (trap 24)', async () => {
    expect(await look()).toEqual(['startup /ready wrong-status']);
    ready = 200;
    expect(await look()).toEqual(['startup /ready ok']);
    expect(await look()).toEqual(['health ok']);
    expect(asked).toEqual(['/ready', '/ready', '/health']);

    // The stream stays open for a minute, and holds nothing up meanwhile.
    const later: (string | undefined)[] = [];
    await until(async () => {
      later.push(...(await look()));
      return later.includes('journey "read" ok') && stream !== undefined;
    }, 'the journey is through');
    expect(later).not.toContain('sse /stream ok');
    expect(asked.filter((path) => path === '/stream')).toHaveLength(1);

    stream?.end();
    await until(
      async () => (await look()).includes('sse /stream closed-early'),
      'the end of the stream is seen',
    );

    time = 2;
    await until(async () => {
      await look();
      return asked.filter((path) => path === '/stream').length === 2;
    }, 'the stream is tried again');
    expect(asked.filter((path) => path === '/messages')).toHaveLength(1);
  });

  test('a candidate that has traffic started long ago', async () => {
    const target = { url: server.url, revision: 'api-a', token: undefined };
    prober = createProber(target, health, { now, hasTraffic: true });
    expect(await look()).toEqual(['health ok']);
  });

  test('what was seen before is not asked again at once', async () => {
    const seen = ['sse /stream', 'journey "read"', undefined].map((check): Probe => {
      return {
        at: now().toISOString(),
        latencyMs: 1,
        outcome: 'ok',
        ...(check === undefined ? {} : { check }),
      };
    });
    const target = { url: server.url, revision: 'api-a', token: undefined };
    prober = createProber(target, health, { now, hasTraffic: true, seen });
    expect(await look()).toEqual(['health ok']);
    expect(asked).toEqual(['/health']);
  });

  test('stopping closes what is open', async () => {
    ready = 200;
    await until(async () => {
      await look();
      return stream !== undefined;
    }, 'the stream is open');
    const closed = stream && once(stream, 'close');
    prober.stop();
    await closed;
  });
});
