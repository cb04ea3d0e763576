import type { RequestListener, ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { streamProbe, type StreamProbe } from '../../../functions/release/policy.ts';
import type { Probe } from '../../../functions/release/release.ts';
import type { ProbeTarget } from '../../../functions/verification/probe-answer.ts';
import { probeStream } from '../../../functions/verification/stream-probe.ts';
import { startHttpServer, type HttpServer } from '../../support/http-server.ts';
import {
  acceptWebSockets,
  type WebSocketClient,
  type WebSocketOptions,
} from '../../support/websocket-server.ts';

const revision = 'streaming-aaaaaaa-11111111';
const secret = 'hunter2';
const now = (): Date => new Date();

type Expected = [outcome: Probe['outcome'], detail?: string];

function check(probe: Omit<Probe, 'check'>, [outcome, detail]: Expected): void {
  expect(probe).toMatchObject({ outcome, ...(detail === undefined ? {} : { detail }) });
  if (detail === undefined) expect(probe.detail).toBeUndefined();
  // What the connection brought may be a secret.
  expect(JSON.stringify(probe)).not.toContain(secret);
}

describe('server-sent events', () => {
  const eventStream = { 'content-type': 'Text/Event-Stream; charset=utf-8', 'x-revision': revision };
  const answers: Readonly<Record<string, RequestListener>> = {
    '/good': (_, response) => response.writeHead(200, eventStream).write(`data: ${secret}\n\n`),
    '/crlf': (_, response) => {
      response.writeHead(200, eventStream).write('data: x\r');
      response.write('\n', () => response.write('\r\n'));
    },
    '/split': (_, response) => {
      response.writeHead(200, eventStream).write(': hello\n\nda', () => response.write('ta: x\n\n'));
    },
    '/comments': (_, response) =>
      response.writeHead(200, eventStream).write(': hello\n\nretry: 5\n\nid: 3\n\n'),
    '/half-event': (_, response) => response.writeHead(200, eventStream).write('data: x\n'),
    '/silent': () => undefined,
    '/short': (_, response) => response.writeHead(200, eventStream).end('data: x\n\n'),
    '/empty': (_, response) => response.writeHead(200, eventStream).end(),
    '/cut': (_, response) => {
      response.writeHead(200, eventStream).write('data: x\n\n', () => response.destroy());
    },
    '/html': (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(secret),
    '/old': (_, response) => response.writeHead(200, { ...eventStream, 'x-revision': 'streaming-old' }).end(),
    '/busy': (_, response) => response.writeHead(429).end(secret),
    '/forbidden': (_, response) => response.writeHead(403).end(secret),
    '/error': (_, response) => response.writeHead(500).end(secret),
    '/token': (request, response) => {
      const { accept, 'x-serverless-authorization': token } = request.headers;
      response.writeHead(accept === 'text/event-stream' && token === 'Bearer t' ? 200 : 403, eventStream);
      response.write('data\n\n');
    },
  };
  const ended: Promise<void>[] = [];
  const closed = (response: ServerResponse): Promise<void> =>
    new Promise((resolve) => response.once('close', resolve));

  let server: HttpServer;
  beforeAll(async () => {
    server = await startHttpServer((request, response) => {
      ended.push(closed(response));
      answers[request.url ?? '']?.(request, response);
    });
  });
  afterAll(() => server.close());
  const probe = (part: object, target: Partial<ProbeTarget> = {}): ReturnType<typeof probeStream> => {
    const stream = streamProbe.parse({ protocol: 'sse', openSeconds: 0.05, ...part });
    return probeStream({ url: server.url, revision, token: undefined, ...target }, stream, now);
  };

  test.each<[string, object, Expected]>([
    ['an event, and it stays open', { path: '/good' }, ['ok']],
    ['line ends of two characters, cut in the middle', { path: '/crlf' }, ['ok']],
    ['an event in pieces, after a comment', { path: '/split' }, ['ok']],
    [
      'what is no event (trap 24)',
      { path: '/comments', firstMessageSeconds: 0.1 },
      ['timeout', 'sent no message within 0.1 s'],
    ],
    [
      'an event that does not end',
      { path: '/half-event', firstMessageSeconds: 0.1 },
      ['timeout', 'sent no message within 0.1 s'],
    ],
    ['silence', { path: '/silent', firstMessageSeconds: 0.1 }, ['timeout', 'did not open within 0.1 s']],
    [
      'it ends after its first event (trap 24)',
      { path: '/short', openSeconds: 30 },
      ['closed-early', 'ended instead of staying open for 30 s'],
    ],
    [
      'it ends before its first event',
      { path: '/empty' },
      ['closed-early', 'ended before its first message'],
    ],
    [
      'it breaks off',
      { path: '/cut', openSeconds: 30 },
      ['closed-early', 'broke off instead of staying open for 30 s'],
    ],
    [
      'another type of content',
      { path: '/html' },
      ['wrong-answer', 'opened, but its content-type is not text/event-stream'],
    ],
    [
      'another revision (trap 10)',
      { path: '/old' },
      ['wrong-revision', 'was answered by revision streaming-old'],
    ],
    ['its own rate limit (trap 17)', { path: '/busy' }, ['rate-limited', 'answered 429, its own rate limit']],
    ['403', { path: '/forbidden' }, ['not-permitted', 'answered 403 instead of 200']],
    ['500', { path: '/error' }, ['wrong-status', 'answered 500 instead of 200']],
  ])('%s', async (_, stream, expected) => {
    check(await probe(stream), expected);
  });

  test('the identity is sent and seen, and the connection is not left open', async () => {
    expect(await probe({ path: '/token' }, { token: 't' })).toMatchObject({
      outcome: 'ok',
      status: 200,
      revision,
    });
    await Promise.all(ended);
  });

  test('a port where nobody listens', async () => {
    const gone = await startHttpServer();
    await gone.close();
    check(await probe({ path: '/' }, { url: gone.url }), ['refused', 'refused the connection']);
  });

  test('the latency is that of the first event, however long it stays open (trap 24)', async () => {
    const times = [1000, 1040, 9000];
    const stream = streamProbe.parse({ protocol: 'sse', path: '/good', openSeconds: 0.01 });
    const clock = (): Date => new Date(times.shift() ?? 0);
    const seen = await probeStream({ url: server.url, revision, token: undefined }, stream, clock);
    expect(seen.latencyMs).toBe(40);
  });

  test('it can be stopped', async () => {
    const stopping = new AbortController();
    const stream = streamProbe.parse({ protocol: 'sse', path: '/good', openSeconds: 60 });
    const target = { url: server.url, revision, token: undefined };
    const running = probeStream(target, stream, now, stopping.signal);
    stopping.abort();
    await running;
  });
});

describe('WebSockets', () => {
  let server: HttpServer;
  beforeEach(async () => {
    server = await startHttpServer();
  });
  afterEach(() => server.close());

  const probe = (part: object, token?: string): ReturnType<typeof probeStream> => {
    const stream: StreamProbe = streamProbe.parse({
      protocol: 'websocket',
      path: '/stream',
      openSeconds: 0.05,
      ...part,
    });
    return probeStream({ url: server.url, revision, token }, stream, now);
  };

  test('the server that these tests use is understood by the WebSocket of Node', async () => {
    acceptWebSockets(server.server, '/stream', (client) => {
      client.onFrame((opcode, payload) => {
        if (opcode === 1) client.sendText(`heard ${payload.toString()}`);
        if (opcode === 8) client.sendFrame(8, payload);
      });
    });
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/stream`);
    const heard = await new Promise<unknown>((resolve, reject) => {
      socket.addEventListener('error', reject);
      socket.addEventListener('open', () => {
        socket.send('hello');
      });
      socket.addEventListener('message', (event) => {
        resolve(event.data);
      });
    });
    expect(heard).toBe('heard hello');
    const closed = new Promise<number>((resolve) => {
      socket.addEventListener('close', ({ code }) => {
        resolve(code);
      });
    });
    socket.close(1000);
    expect(await closed).toBe(1000);
  });

  const close = (code: number): Buffer => Buffer.from([code >> 8, code & 0xff]);
  const long = Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]), Buffer.alloc(70_000)]);
  const middle = Buffer.concat([Buffer.from([0x82, 126, 1, 0]), Buffer.alloc(256)]);
  test.each<[string, object, (client: WebSocketClient) => void, Expected, WebSocketOptions]>([
    [
      'a message, and it stays open',
      {},
      (client) => {
        client.sendText(secret);
      },
      ['ok'],
      {},
    ],
    [
      'many messages',
      {},
      (client) => {
        'abc'.split('').forEach((text) => {
          client.sendText(text);
        });
      },
      ['ok'],
      {},
    ],
    [
      'a message of 256 bytes',
      {},
      (client) => {
        client.sendRaw(middle);
      },
      ['ok'],
      {},
    ],
    [
      'a message of 70,000 bytes',
      {},
      (client) => {
        client.sendRaw(long);
      },
      ['ok'],
      {},
    ],
    [
      'a message in pieces, with a ping between them',
      {},
      (client) => {
        client.sendRaw(Buffer.from([0x01, 1, 0x61, 0x89, 0, 0x80, 1, 0x62]));
      },
      ['ok'],
      {},
    ],
    [
      'a message that does not end',
      { firstMessageSeconds: 0.1 },
      (client) => {
        client.sendRaw(Buffer.from([0x01, 1, 0x61]));
      },
      ['timeout', 'sent no message within 0.1 s'],
      {},
    ],
    [
      'pings are no messages (trap 24)',
      { firstMessageSeconds: 0.1 },
      (client) => {
        client.sendFrame(9);
      },
      ['timeout', 'sent no message within 0.1 s'],
      {},
    ],
    [
      'it closes at once',
      {},
      (client) => {
        client.sendFrame(8, close(1011));
      },
      ['closed-early', 'closed with code 1011 before its first message'],
      {},
    ],
    [
      'it closes after its first message (trap 24)',
      { openSeconds: 30 },
      (client) => {
        client.sendText(secret);
        client.sendFrame(8, Buffer.concat([close(1008), Buffer.from(secret)]));
      },
      ['closed-early', 'closed with code 1008 instead of staying open for 30 s'],
      {},
    ],
    [
      'it ends without a word',
      { openSeconds: 30 },
      (client) => {
        client.sendText(secret);
        setImmediate(() => {
          client.destroy();
        });
      },
      ['closed-early'],
      {},
    ],
    [
      'a frame that no server may send',
      {},
      (client) => {
        client.sendRaw(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x61]));
      },
      ['wrong-answer', 'does not keep to the WebSocket protocol'],
      {},
    ],
    [
      'an extension that nobody asked for',
      {},
      (client) => {
        client.sendRaw(Buffer.from([0xc1, 1, 0x61]));
      },
      ['wrong-answer', 'does not keep to the WebSocket protocol'],
      {},
    ],
    [
      'another revision (trap 10)',
      {},
      (client) => {
        client.sendText(secret);
      },
      ['wrong-revision', 'was answered by revision streaming-old'],
      { headers: ['x-revision: streaming-old'] },
    ],
    [
      'a handshake that answers another one',
      {},
      (client) => {
        client.sendText(secret);
      },
      ['wrong-answer', 'opened, but its sec-websocket-accept does not fit'],
      { accept: 'c2FtcGxl' },
    ],
  ])('%s', async (_, stream, serve, [outcome, detail], options) => {
    acceptWebSockets(server.server, '/stream', serve, options);
    const seen = await probe(stream);
    expect(seen.outcome).toBe(outcome);
    if (detail !== undefined) expect(seen.detail).toBe(detail);
    expect(JSON.stringify(seen)).not.toContain(secret);
  });

  test('what is to be sent is sent, with the identity token, and the connection is closed in the end', async () => {
    const text = 'ü'.repeat(200);
    const frames: [number, string][] = [];
    let token: string | string[] | undefined;
    server.server.on('upgrade', ({ headers }) => (token = headers['x-serverless-authorization']));
    const closed = new Promise<void>((resolve) => {
      acceptWebSockets(
        server.server,
        '/stream',
        (client) => {
          client.onFrame((opcode, payload) => {
            frames.push([opcode, opcode === 1 ? payload.toString() : payload.toString('hex')]);
            if (opcode === 1) client.sendFrame(9, Buffer.from('beat'));
            if (opcode === 10) client.sendText('heard');
            if (opcode === 8) resolve();
          });
        },
        { headers: [`x-revision: ${revision}`] },
      );
    });
    expect(await probe({ send: text }, 't')).toMatchObject({ outcome: 'ok', status: 101, revision });
    await closed;
    expect(frames).toEqual([
      [1, text],
      [10, Buffer.from('beat').toString('hex')],
      [8, '03e8'],
    ]);
    expect(token).toBe('Bearer t');
  });

  test.each<[number, Expected]>([
    [200, ['wrong-status', 'answered 200 instead of 101']],
    [503, ['wrong-status', 'answered 503 instead of 101']],
    [429, ['rate-limited', 'answered 429, its own rate limit']],
    [401, ['not-permitted', 'answered 401 instead of 101']],
    [403, ['not-permitted', 'answered 403 instead of 101']],
  ])('a handshake that is answered %d', async (status, expected) => {
    server.server.on('upgrade', (_, socket) => {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: ${secret.length}\r\n\r\n${secret}`);
    });
    check(await probe({}), expected);
  });

  test('a handshake that is not answered', async () => {
    server.server.on('upgrade', () => undefined);
    check(await probe({ firstMessageSeconds: 0.1 }), ['timeout', 'did not open within 0.1 s']);
  });

  test('a handshake that is cut', async () => {
    server.server.on('upgrade', (_, socket) => socket.destroy());
    check(await probe({}), ['refused', 'broke the connection off (ECONNRESET)']);
  });

  test('a port where nobody listens', async () => {
    const gone = await startHttpServer();
    await gone.close();
    const stream = streamProbe.parse({ protocol: 'websocket', path: '/' });
    const seen = await probeStream({ url: gone.url, revision, token: undefined }, stream, now);
    check(seen, ['refused', 'refused the connection']);
  });

  test('a failure of TLS is none of the revision', async () => {
    const stream = streamProbe.parse({ protocol: 'websocket', path: '/' });
    const url = server.url.replace('http:', 'https:');
    expect((await probeStream({ url, revision, token: undefined }, stream, now)).outcome).toBe('unreachable');
  });
});
