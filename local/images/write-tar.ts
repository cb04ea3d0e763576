import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What stands at a path of an archive. */
export type TarEntry = { readonly path: string; readonly mode: number } & (
  | { readonly type: 'folder' }
  | { readonly type: 'link'; readonly target: string }
  | { readonly type: 'file'; readonly file: string; readonly size: number }
  | { readonly type: 'bytes'; readonly bytes: Buffer }
);

const blockBytes = 512;
const types = { folder: '5', link: '2', file: '0', bytes: '0', extended: 'x' } as const;

/** Writes `entries` in their order as the archive `target`. Times and owners are left out: the same content is the same archive. */
export const writeTar = (target: string, entries: Iterable<TarEntry>): Promise<void> =>
  pipeline(Readable.from(archive(entries)), createWriteStream(target));

/** https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html */
async function* archive(entries: Iterable<TarEntry>): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    const size = entry.type === 'file' ? entry.size : entry.type === 'bytes' ? entry.bytes.length : 0;
    const link = entry.type === 'link' ? entry.target : '';
    const name = entry.type === 'folder' ? `${entry.path}/` : entry.path;
    const extended = Buffer.from(
      [
        ...(fits(name, 100) ? [] : [record('path', name)]),
        ...(fits(link, 100) ? [] : [record('linkpath', link)]),
        ...(size < 8 ** 11 ? [] : [record('size', String(size))]),
      ].join(''),
    );
    if (extended.length > 0) {
      yield header('extended', types.extended, 0o644, extended.length, '');
      yield padded(extended);
    }
    yield header(name, types[entry.type], entry.mode, size, link);
    if (entry.type === 'bytes') yield padded(entry.bytes);
    if (entry.type !== 'file') continue;
    let sent = 0;
    for await (const chunk of createReadStream(entry.file) as AsyncIterable<Buffer>) {
      sent += chunk.length;
      yield chunk;
    }
    if (sent !== size) throw new Error(`${entry.file} has ${sent} bytes and not ${size}: it was changed`);
    yield Buffer.alloc(-size & (blockBytes - 1));
  }
  yield Buffer.alloc(2 * blockBytes);
}

/** Only ASCII: what another byte of a header's field means is not settled. */
const fits = (text: string, bytes: number): boolean => /^[\x20-\x7e]*$/.test(text) && text.length <= bytes;

/** Its length, which it begins with, counts its own digits. */
function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length += 1;
  return `${length} ${key}=${value}\n`;
}

const padded = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc(-bytes.length & (blockBytes - 1))]);

function header(path: string, type: string, mode: number, size: number, link: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, bytes: number): void => {
    block.write(`${value.toString(8).padStart(bytes - 1, '0')}\0`, at, 'latin1');
  };
  // What does not fit stands in the extended header, which goes before.
  block.write(path.slice(0, 100), 0, 'latin1');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size < 8 ** 11 ? size : 0, 124, 12);
  octal(0, 136, 12);
  block.write(' '.repeat(8), 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write(link.slice(0, 100), 157, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
