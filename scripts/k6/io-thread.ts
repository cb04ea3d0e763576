import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { parentPort, type MessagePort } from 'node:worker_threads';
import { wake } from './blocking-port.ts';
import { exchangeHttp } from './http-exchange.ts';
import type { FromIo, ToIo } from './messages.ts';
import { openWebSocket, type WebSocketConnection } from './web-socket.ts';

/** How busy this thread was: what it measured of others is worth as much as it had time for them. */
export interface IoLoad {
  /** Share of the time, 0 to 1. */
  readonly busy: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
}

export type IoRequest =
  | { readonly kind: 'add'; readonly port: MessagePort; readonly signal: SharedArrayBuffer }
  | { readonly kind: 'begin' }
  | { readonly kind: 'load' };

const delayResolutionMs = 5;

/** One virtual user's requests and WebSockets, each answered on its port. */
function serve(port: MessagePort, signal: SharedArrayBuffer): void {
  const agents = {
    http: new HttpAgent({ keepAlive: true }),
    https: new HttpsAgent({ keepAlive: true }),
  };
  const sockets = new Map<number, WebSocketConnection>();
  let cancel = new AbortController();
  const answer = (message: FromIo): void => {
    port.postMessage(message);
    wake(signal);
  };
  port.on('message', (message: ToIo) => {
    switch (message.kind) {
      case 'http':
        void exchangeHttp(message, agents, cancel.signal).then(answer);
        return;
      case 'ws-open':
        sockets.set(
          message.id,
          openWebSocket(message, (event) => {
            if (event.kind === 'ws-closed' || (event.kind === 'ws-answer' && event.status !== 101))
              sockets.delete(message.id);
            answer(event);
          }),
        );
        return;
      case 'ws-send':
        sockets.get(message.id)?.send(message.opcode, message.payload);
        return;
      case 'ws-close':
        sockets.get(message.id)?.close(message.code);
        return;
      case 'cancel':
        cancel.abort();
        cancel = new AbortController();
        for (const socket of sockets.values()) socket.destroy();
    }
  });
}

/** The thread that does all input and output of a test, for virtual users that block meanwhile. */
function main(parent: MessagePort): void {
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  let since = performance.eventLoopUtilization();
  parent.on('message', (message: IoRequest) => {
    switch (message.kind) {
      case 'add':
        serve(message.port, message.signal);
        return;
      case 'begin':
        since = performance.eventLoopUtilization();
        delay.reset();
        delay.enable();
        return;
      case 'load':
        parent.postMessage({
          busy: performance.eventLoopUtilization(since).utilization,
          // The monitor's own period is part of what it measures.
          delayP99Ms: Math.max(0, delay.percentile(99) / 1e6 - delayResolutionMs),
          delayMaxMs: Math.max(0, delay.max / 1e6 - delayResolutionMs),
        } satisfies IoLoad);
    }
  });
}

if (parentPort) main(parentPort);
