import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** One client of a WebSocket server, as far as tests need it: short messages, no extensions. */
export interface WebSocketClient {
  sendText(text: string): void;
  /** `payload` of at most 125 bytes. */
  sendFrame(opcode: number, payload?: Buffer): void;
  sendRaw(bytes: Buffer): void;
  /** Breaks the connection off, with no word of the protocol. */
  destroy(): void;
  onFrame(listener: (opcode: number, payload: Buffer) => void): void;
}

export interface WebSocketOptions {
  readonly headers?: readonly string[];
  readonly accept?: string;
}

/** What a client sends: always masked, here always short. RFC 6455, section 5.2 */
function* unmask(buffer: Buffer): Generator<[opcode: number, payload: Buffer, rest: Buffer]> {
  let rest = buffer;
  while (rest.length >= 6) {
    const short = (rest[1] ?? 0) & 0x7f;
    const maskAt = short === 126 ? 4 : 2;
    const length = short === 126 ? rest.readUInt16BE(2) : short;
    const end = maskAt + 4 + length;
    if (rest.length < end) return;
    const mask = rest.subarray(maskAt, maskAt + 4);
    const payload = Buffer.from(
      rest.subarray(maskAt + 4, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0)),
    );
    const opcode = (rest[0] ?? 0) & 0x0f;
    rest = rest.subarray(end);
    yield [opcode, payload, rest];
  }
}

function clientOf(socket: Duplex): WebSocketClient {
  const write = (bytes: Buffer): void => {
    if (socket.writable) socket.write(bytes);
  };
  return {
    sendText(text) {
      this.sendFrame(1, Buffer.from(text));
    },
    sendFrame(opcode, payload = Buffer.alloc(0)) {
      write(Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]));
      // Of both sides it is the server that closes the connection after the last word.
      if (opcode === 8) socket.end();
    },
    sendRaw: write,
    destroy() {
      socket.destroy();
    },
    onFrame(listener) {
      let buffer = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        buffer = Buffer.concat([buffer, chunk]);
        for (const [opcode, payload, rest] of unmask(buffer)) {
          buffer = Buffer.from(rest);
          listener(opcode, payload);
        }
      });
    },
  };
}

/** Takes WebSockets on at `path`. */
export function acceptWebSockets(
  server: Server,
  path: string,
  onClient: (client: WebSocketClient) => void,
  { headers = [], accept }: WebSocketOptions = {},
): void {
  server.on('upgrade', (request, socket: Duplex) => {
    if (request.url !== path) return;
    socket.on('error', () => socket.destroy());
    const key = `${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const fitting = createHash('sha1').update(key).digest('base64');
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'connection: Upgrade',
      'upgrade: websocket',
      `sec-websocket-accept: ${accept ?? fitting}`,
      ...headers,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    onClient(clientOf(socket));
  });
}
