import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers';
import type { AnswerHead } from './probe-answer.ts';
import type { StreamConnection } from './stream-connection.ts';
import { clientFrame, opcodes, readFrames } from './websocket-frames.ts';

/** RFC 6455, section 1.3. */
const handshakeGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const normalClosure = 1000;
/** How long the server may take to close its side. */
const closeTimeoutMs = 1000;

function headOf({ statusCode, headers }: IncomingMessage): AnswerHead {
  const revision = headers['x-revision'];
  return { status: statusCode ?? 0, revision: typeof revision === 'string' ? revision : undefined };
}

async function* messages(socket: Duplex): AsyncGenerator<undefined, string> {
  for await (const { opcode, final, payload } of readFrames(socket)) {
    if (opcode === opcodes.ping) socket.write(clientFrame(opcodes.pong, payload));
    else if (opcode === opcodes.close)
      return payload.length < 2 ? 'closed' : `closed with code ${payload.readUInt16BE()}`;
    else if (opcode < opcodes.close && final) yield undefined;
  }
  return 'ended without a closing handshake';
}

const noMessages: StreamConnection['messages'] = {
  next: async () => ({ done: true, value: 'was no WebSocket' }),
};

function close(socket: Duplex): void {
  const code = Buffer.alloc(2);
  code.writeUInt16BE(normalClosure);
  socket.end(clientFrame(opcodes.close, code));
  // What still comes is of no interest, but unread it would keep the end from being noticed.
  socket.resume();
  const late = setTimeout(() => socket.destroy(), closeTimeoutMs);
  socket.once('close', () => {
    clearTimeout(late);
  });
}

/**
 * Opens a WebSocket and says `text`, if given, on it. The `WebSocket` of Node keeps to itself why a connection did not come
 * about and which headers came with it; both are what a probe wants to know. Throws what `node:http` throws; `signal` ends
 * the connection.
 */
export function openWebSocket(
  url: URL,
  headers: Readonly<Record<string, string>>,
  text: string | undefined,
  signal: AbortSignal,
): Promise<StreamConnection> {
  const key = randomBytes(16).toString('base64');
  const accept = createHash('sha1')
    .update(key + handshakeGuid)
    .digest('base64');
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      agent: false,
      headers: {
        ...headers,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': key,
      },
    });
    let end = (): void => {
      request.destroy();
    };
    signal.addEventListener(
      'abort',
      () => {
        end();
      },
      { once: true },
    );
    request.once('error', reject);
    request.once('response', (response) => {
      response.on('error', () => undefined).resume();
      resolve({ head: headOf(response), fault: undefined, messages: noMessages });
    });
    request.once('upgrade', (response, socket, first) => {
      // Without a listener a broken connection would end the process; reading it tells.
      socket.on('error', () => undefined);
      if (first.length > 0) socket.unshift(first);
      end = () => {
        close(socket);
      };
      const fits = response.headers['sec-websocket-accept'] === accept;
      if (fits && text !== undefined) socket.write(clientFrame(opcodes.text, Buffer.from(text)));
      resolve({
        head: headOf(response),
        fault: fits ? undefined : 'its sec-websocket-accept does not fit',
        messages: messages(socket),
      });
    });
    request.end();
  });
}
