import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { createFrameReader, encodeFrame, FrameError, opcode } from './web-socket-frames.ts';
import type { NetworkFault, ToIo, WsEvent } from './messages.ts';

export interface WebSocketConnection {
  send(code: number, payload: Uint8Array): void;
  /** Says goodbye; breaks off when the server does not within two seconds. */
  close(code: number): void;
  destroy(): void;
}

const goodbyeMs = 2000;
const connectTimeoutMs = 60_000;
/** The connection ended without a word. RFC 6455, section 7.4.1 */
const noStatus = 1005;
const abnormal = 1006;

const faultOf = (cause: NodeJS.ErrnoException): NetworkFault => ({
  message: cause.message || String(cause.code),
  code: cause.code ?? '',
});

/** Connects a WebSocket and tells `emit` what comes of it: one answer, then frames and one end if it was 101. */
export function openWebSocket(
  { id, url, headers, rejectUnauthorized }: Extract<ToIo, { kind: 'ws-open' }>,
  emit: (event: WsEvent) => void,
): WebSocketConnection {
  const began = performance.now();
  const target = new URL(url);
  const secure = target.protocol === 'wss:';
  target.protocol = secure ? 'https:' : 'http:';
  const key = randomBytes(16).toString('base64');
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const options = {
    agent: false as const,
    rejectUnauthorized,
    timeout: connectTimeoutMs,
    headers: {
      ...headers,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
    },
  };
  const request = secure ? httpsRequest(target, options) : httpRequest(target, options);
  let stream: Duplex | undefined;
  let destroyed = false;
  let answered = false;

  const answer = (response: IncomingMessage | undefined, body: string, fault?: NetworkFault): void => {
    if (answered) return;
    answered = true;
    const status = response?.statusCode ?? 0;
    const connectingMs = performance.now() - began;
    emit({
      kind: 'ws-answer',
      id,
      status,
      rawHeaders: response?.rawHeaders ?? [],
      body,
      connectingMs,
      fault,
    });
  };

  request.once('timeout', () => request.destroy(new Error('no answer to the handshake in time')));
  request.once('error', (cause) => {
    answer(undefined, '', faultOf(cause));
  });
  request.once('response', (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => (body += text));
    response.once('close', () => {
      answer(response, body);
    });
  });
  request.once('upgrade', (response, duplex, head) => {
    if (response.headers['sec-websocket-accept'] !== accept) {
      duplex.destroy();
      answer(undefined, '', {
        message: 'the server does not answer the WebSocket handshake',
        code: 'EPROTO',
      });
      return;
    }
    stream = duplex;
    answer(response, '');
    follow(duplex, head);
    if (destroyed) duplex.destroy();
  });
  request.end();

  const follow = (duplex: Duplex, head: Buffer): void => {
    const socket = duplex as Duplex & { readonly bytesRead?: number; readonly bytesWritten?: number };
    const read = createFrameReader();
    let code = abnormal;
    let fault: NetworkFault | undefined;
    const take = (chunk: Buffer): void => {
      try {
        for (const frame of read(chunk)) {
          if (frame.opcode === opcode.close) {
            code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : noStatus;
            duplex.end(encodeFrame(opcode.close, frame.payload.subarray(0, 2)));
          } else {
            if (frame.opcode === opcode.ping) duplex.write(encodeFrame(opcode.pong, frame.payload));
            emit({ kind: 'ws-frame', id, opcode: frame.opcode, payload: Uint8Array.from(frame.payload) });
          }
        }
      } catch (cause) {
        if (!(cause instanceof FrameError)) throw cause;
        fault = { message: cause.message, code: 'EPROTO' };
        duplex.destroy();
      }
    };
    duplex.on('data', take);
    duplex.once('error', (cause) => (fault = faultOf(cause)));
    duplex.once('close', () => {
      const { bytesRead = 0, bytesWritten = 0 } = socket;
      emit({ kind: 'ws-closed', id, code, bytesSent: bytesWritten, bytesReceived: bytesRead, fault });
    });
    if (head.length > 0) take(head);
  };

  return {
    send(code, payload) {
      if (stream?.writable) stream.write(encodeFrame(code, payload));
    },
    close(code) {
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      if (stream?.writable) stream.end(encodeFrame(opcode.close, payload));
      setTimeout(() => stream?.destroy(), goodbyeMs).unref();
    },
    destroy() {
      destroyed = true;
      request.destroy();
      stream?.destroy();
    },
  };
}
