import { describe, expect, test } from '@jest/globals';
import { createFrameReader, encodeFrame, FrameError, opcode } from '../../../scripts/k6/web-socket-frames.ts';

/** A server's frame: not masked. */
function frame(code: number, payload: Buffer, final = true): Buffer {
  const short = payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127;
  const head = Buffer.alloc(short === 127 ? 10 : short === 126 ? 4 : 2);
  head[0] = (final ? 0x80 : 0) | code;
  head[1] = short;
  if (short === 126) head.writeUInt16BE(payload.length, 2);
  if (short === 127) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

const text = (length: number): Buffer => Buffer.alloc(length, 'x');

describe('frames of WebSockets', () => {
  test.each([0, 1, 125, 126, 65_535, 65_536])('a message of %d bytes, in pieces of any size', (length) => {
    const bytes = Buffer.concat([frame(opcode.text, text(length)), frame(opcode.ping, text(3))]);
    for (const size of [1, 7, bytes.length]) {
      if (size === 1 && length > 1000) continue;
      const read = createFrameReader();
      const frames = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        read(bytes.subarray(n * size, (n + 1) * size)),
      ).flat();
      expect(frames.map((each) => [each.opcode, each.payload.length])).toEqual([
        [opcode.text, length],
        [opcode.ping, 3],
      ]);
    }
  });

  test('a message in several frames comes once, and control frames in between come first', () => {
    const read = createFrameReader();
    const bytes = Buffer.concat([
      frame(opcode.text, Buffer.from('He'), false),
      frame(opcode.pong, Buffer.from('!')),
      frame(opcode.continuation, Buffer.from('l'), false),
      frame(opcode.continuation, Buffer.from('lo')),
    ]);
    expect(read(bytes).map((each) => [each.opcode, each.payload.toString()])).toEqual([
      [opcode.pong, '!'],
      [opcode.text, 'Hello'],
    ]);
  });

  test.each([125, 126, 70_000])('what we send of %d bytes is masked, and says its length', (length) => {
    const mask = Buffer.from([1, 2, 3, 4]);
    const bytes = encodeFrame(opcode.binary, text(length), mask);
    expect(bytes[0]).toBe(0x82);
    expect((bytes[1] ?? 0) & 0x80).toBe(0x80);
    const payload = bytes.subarray(bytes.length - length);
    expect(Buffer.from(payload.map((byte, n) => byte ^ (mask[n % 4] ?? 0)))).toEqual(text(length));
  });

  test.each([
    ['a masked frame', Buffer.from([0x81, 0x80, 0, 0, 0, 0])],
    ['an extension', Buffer.from([0xc1, 0x00])],
    ['a continuation of nothing', frame(opcode.continuation, text(1))],
    [
      'a message inside another',
      Buffer.concat([frame(opcode.text, text(1), false), frame(opcode.text, text(1))]),
    ],
    ['a frame of many gigabytes', Buffer.from([0x82, 127, 0, 0, 0xff, 0, 0, 0, 0, 0])],
  ])('%s is refused', (_what, bytes) => {
    expect(() => createFrameReader()(bytes)).toThrow(FrameError);
  });
});
