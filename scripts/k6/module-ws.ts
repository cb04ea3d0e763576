import { onlyKnown, requestsOf, type ModuleHost } from './module-host.ts';
import type { WsEvent } from './messages.ts';
import type { Modules } from './module-names.ts';
import { headersOf } from './response.ts';
import { opcode } from './web-socket-frames.ts';

interface Params {
  readonly headers?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

type Handler = (argument?: unknown) => void;

const events = ['open', 'message', 'binaryMessage', 'ping', 'pong', 'close', 'error'];
const goingAway = 1001;

interface Timer {
  readonly run: Handler;
  readonly everyMs: number | undefined;
  at: number;
}

const toArrayBuffer = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

/** The module `k6/ws`: `connect` returns when the connection has ended. https://grafana.com/docs/k6/latest/javascript-api/k6-ws/ */
export function createWsModule(host: ModuleHost): Modules['k6/ws'] {
  const connect = (
    url: string,
    second: Params | Handler | null,
    third?: (socket: unknown) => void,
  ): unknown => {
    const options = requestsOf(host, 'ws.connect');
    const params: Params = typeof second === 'function' || second === null ? {} : second;
    const setUp = typeof second === 'function' ? second : third;
    if (setUp === undefined) throw new Error('ws.connect: the function that gets the socket is missing');
    onlyKnown(host, 'ws params', params, ['headers', 'tags']);
    if (!/^wss?:\/\//.test(url)) throw new Error(`ws.connect: ${url} does not begin with ws:// or wss://`);

    const id = host.nextId();
    const began = performance.now();
    const handlers = new Map<string, Handler[]>();
    const timers = new Set<Timer>();
    const pings: number[] = [];
    const counts = { sent: 0, received: 0 };
    let tags: Readonly<Record<string, string>> = { ...host.running().tags, url, ...params.tags };
    let closing = false;

    const emit = (name: string, argument?: unknown): void => {
      for (const handler of handlers.get(name) ?? []) handler(argument);
    };
    const next = (untilMs: number): WsEvent | undefined => {
      host.flush();
      const message = host.port.receive(untilMs);
      return message && message.kind !== 'http' && message.id === id ? message : undefined;
    };
    const timer = (run: Handler, ms: number, repeats: boolean): void => {
      if (!(ms > 0)) throw new Error(`a timer of a WebSocket needs more than 0 ms, not ${ms}`);
      timers.add({ run, everyMs: repeats ? ms : undefined, at: performance.now() + ms });
    };
    const send = (code: number, payload: Uint8Array): void => {
      if (closing) return;
      if (code === opcode.ping) pings.push(performance.now());
      else counts.sent += 1;
      host.port.post({ kind: 'ws-send', id, opcode: code, payload });
    };
    const close = (code = goingAway): void => {
      if (closing) return;
      closing = true;
      timers.clear();
      host.port.post({ kind: 'ws-close', id, code });
    };
    const socket = {
      on(name: string, handler: Handler): void {
        if (!events.includes(name)) throw new Error(`socket.on: there is no event ${JSON.stringify(name)}`);
        handlers.set(name, [...(handlers.get(name) ?? []), handler]);
      },
      send: (text: string): void => {
        send(opcode.text, Buffer.from(text));
      },
      sendBinary: (bytes: ArrayBuffer): void => {
        send(opcode.binary, new Uint8Array(bytes));
      },
      ping: (): void => {
        send(opcode.ping, new Uint8Array());
      },
      setTimeout: (run: Handler, ms: number): void => {
        timer(run, ms, false);
      },
      setInterval: (run: Handler, ms: number): void => {
        timer(run, ms, true);
      },
      close,
    };

    const onFrame = (code: number, payload: Uint8Array): void => {
      if (code === opcode.ping) {
        emit('ping');
        return;
      }
      if (code === opcode.pong) {
        const sentAt = pings.shift();
        if (sentAt !== undefined) host.record({ tags, values: [['ws_ping', performance.now() - sentAt]] });
        emit('pong');
        return;
      }
      counts.received += 1;
      if (code === opcode.text) emit('message', Buffer.from(payload).toString('utf8'));
      else emit('binaryMessage', toArrayBuffer(payload));
    };
    const runTimers = (): void => {
      for (const each of timers) {
        if (each.at > performance.now() || !timers.has(each)) continue;
        if (each.everyMs === undefined) timers.delete(each);
        else each.at += each.everyMs;
        each.run();
      }
    };
    const follow = (): Extract<WsEvent, { kind: 'ws-closed' }> => {
      for (;;) {
        const event = next(Math.min(Infinity, ...[...timers].map(({ at }) => at)));
        if (event?.kind === 'ws-closed') return event;
        if (event?.kind === 'ws-frame' && !closing) onFrame(event.opcode, event.payload);
        runTimers();
      }
    };

    host.port.post({
      kind: 'ws-open',
      id,
      url,
      headers: { 'user-agent': options.userAgent, ...params.headers },
      rejectUnauthorized: !options.insecureSkipTlsVerify,
    });
    let answer = next(Infinity);
    while (answer?.kind !== 'ws-answer') answer = next(Infinity);
    tags = { ...tags, status: String(answer.status) };
    const values = [
      ['ws_sessions', 1],
      ['ws_connecting', answer.connectingMs],
    ] as const;
    host.record({ tags, values });
    const response = {
      url,
      status: answer.status,
      headers: headersOf(answer.rawHeaders),
      body: answer.body,
      error: answer.fault?.message ?? '',
    };
    if (answer.status !== 101) {
      const problem = answer.fault?.message ?? `the server answers ${answer.status}`;
      if (options.throwOnFailure) throw new Error(`ws.connect ${url}: ${problem}`);
      return response;
    }
    try {
      setUp(socket);
      emit('open');
      const closed = follow();
      if (closed.fault) emit('error', { error: () => closed.fault?.message ?? '' });
      emit('close', closed.code);
      host.record({
        tags,
        values: [
          ['data_sent', closed.bytesSent],
          ['data_received', closed.bytesReceived],
        ],
      });
    } catch (error) {
      close();
      throw error;
    } finally {
      host.record({
        tags,
        values: [
          ['ws_msgs_sent', counts.sent],
          ['ws_msgs_received', counts.received],
          ['ws_session_duration', performance.now() - began],
        ],
      });
    }
    return response;
  };
  return { connect };
}
