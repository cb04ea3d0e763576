import { randomBytes } from 'node:crypto';

/** RFC 6455, section 5.2. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const firstControlOpcode = 8;

export interface Frame {
  readonly opcode: number;
  /** The last frame of its message. */
  readonly final: boolean;
  /** Of control frames only: messages are counted here, not read. */
  readonly payload: Buffer;
}

/** The other side does not keep to the protocol. */
export class WebSocketProtocolError extends Error {
  override name = 'WebSocketProtocolError';
}

interface ByteReader {
  /** Undefined when the source ends before. */
  take(length: number): Promise<Buffer | undefined>;
  /** False when the source ends before. */
  skip(length: number): Promise<boolean>;
}

function byteReader(source: AsyncIterable<Buffer>): ByteReader {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  async function more(): Promise<boolean> {
    const next = await chunks.next();
    if (next.done) return false;
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
    return true;
  }
  return {
    async take(length) {
      while (rest.length < length) if (!(await more())) return undefined;
      const taken = rest.subarray(0, length);
      rest = rest.subarray(length);
      return taken;
    },
    async skip(length) {
      let left = length;
      while (rest.length < left) {
        left -= rest.length;
        rest = Buffer.alloc(0);
        if (!(await more())) return false;
      }
      rest = rest.subarray(left);
      return true;
    },
  };
}

async function readLength(bytes: ByteReader, short: number): Promise<number | undefined> {
  if (short === 126) return (await bytes.take(2))?.readUInt16BE();
  if (short < 126) return short;
  const long = await bytes.take(8);
  return long && Number(long.readBigUInt64BE());
}

/**
 * The frames that a server sends, until its bytes end. No extension was offered, so reserved bits are an error, and so is a
 * mask, which only clients use. Throws WebSocketProtocolError, and what the source throws.
 */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Frame, void> {
  const bytes = byteReader(source);
  for (;;) {
    const [first, second] = (await bytes.take(2)) ?? [];
    if (first === undefined || second === undefined) return;
    const frame = { opcode: first & 0x0f, final: (first & 0x80) !== 0 };
    const control = frame.opcode >= firstControlOpcode;
    if ((first & 0x70) !== 0 || (second & 0x80) !== 0)
      throw new WebSocketProtocolError('a frame has reserved bits or a mask');
    const length = await readLength(bytes, second & 0x7f);
    if (length === undefined) return;
    if (control && (length > 125 || !frame.final))
      throw new WebSocketProtocolError('a control frame is too long, or in pieces');
    if (!control) {
      if (!(await bytes.skip(length))) return;
      yield { ...frame, payload: Buffer.alloc(0) };
      continue;
    }
    const payload = await bytes.take(length);
    if (!payload) return;
    yield { ...frame, payload };
  }
}

/** A whole message as a client has to send it: masked. */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const mask = randomBytes(4);
  const head = Buffer.alloc(length < 126 ? 2 : 4);
  // A probe sends 10,000 characters at the most: the 64-bit length is not needed.
  if (length > 0xffff) throw new RangeError(`${length} bytes do not fit into one frame with a 16-bit length`);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | Math.min(length, 126);
  if (length >= 126) head.writeUInt16BE(length, 2);
  const masked = Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return Buffer.concat([head, mask, masked]);
}
