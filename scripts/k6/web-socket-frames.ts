import { randomBytes } from 'node:crypto';

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** What is wrong with what a server sent. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const longest = 16 * 1024 * 1024;

/** A client's frame: always masked. RFC 6455, section 5.2 */
export function encodeFrame(code: number, payload: Uint8Array, mask: Buffer = randomBytes(4)): Buffer {
  const short = payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127;
  const head = Buffer.alloc(short === 126 ? 4 : short === 127 ? 10 : 2);
  head[0] = 0x80 | code;
  head[1] = 0x80 | short;
  if (short === 126) head.writeUInt16BE(payload.length, 2);
  if (short === 127) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([
    head,
    mask,
    Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))),
  ]);
}

/** Puts a server's bytes together to messages: a message in several frames comes out once, at its end. */
export function createFrameReader(): (chunk: Buffer) => Frame[] {
  let buffer = Buffer.alloc(0);
  let begun: { opcode: number; parts: Buffer[] } | undefined;

  const next = (): Frame | undefined => {
    const [first, second] = buffer;
    if (first === undefined || second === undefined) return undefined;
    if ((first & 0x70) !== 0) throw new FrameError('the server uses an extension that nobody asked for');
    if ((second & 0x80) !== 0) throw new FrameError('the server masks its frames');
    const short = second & 0x7f;
    const headLength = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (buffer.length < headLength) return undefined;
    const length =
      short === 126 ? buffer.readUInt16BE(2) : short === 127 ? Number(buffer.readBigUInt64BE(2)) : short;
    if (length > longest) throw new FrameError(`the server sends a frame of ${length} bytes`);
    if (buffer.length < headLength + length) return undefined;
    const payload = Buffer.from(buffer.subarray(headLength, headLength + length));
    buffer = buffer.subarray(headLength + length);
    return assemble((first & 0x80) !== 0, first & 0x0f, payload) ?? next();
  };

  const assemble = (final: boolean, code: number, payload: Buffer): Frame | undefined => {
    if (code >= 8) return { opcode: code, payload };
    if (code === opcode.continuation) {
      if (!begun) throw new FrameError('the server continues a message that it has not begun');
      begun.parts.push(payload);
    } else {
      if (begun) throw new FrameError('the server begins a message inside another');
      begun = { opcode: code, parts: [payload] };
    }
    if (!final) return undefined;
    const whole = { opcode: begun.opcode, payload: Buffer.concat(begun.parts) };
    begun = undefined;
    return whole;
  };

  return (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    const frames: Frame[] = [];
    for (let frame = next(); frame; frame = next()) frames.push(frame);
    return frames;
  };
}
