import { expect, test } from '@jest/globals';
import { crc32c } from '../../../local/core/crc32c.ts';

// https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4
test.each([
  ['nothing', Buffer.alloc(0), 0],
  ['the check value', Buffer.from('123456789'), 0xe3069283],
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
])('crc32c of %s', (_name, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

test('crc32c goes on from what came before', () => {
  expect(crc32c(Buffer.from('6789'), crc32c(Buffer.from('12345')))).toBe(0xe3069283);
});
