/** A file of an archive. Folders, links and devices have no content, and are left out. */
export interface TarFile {
  /** Without a leading `/` or `./`. */
  readonly path: string;
  readonly size: number;
  /** Where its content begins, in bytes from the archive's beginning. */
  readonly offset: number;
}

const blockBytes = 512;
/** Extended headers hold names; a longer one is none. */
const maxExtendedBytes = 1024 * 1024;

/**
 * The files of a tar archive, in their order. Reads names as GNU tar and POSIX (pax) write long ones.
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html. Throws when it is no archive, or half of one.
 */
export async function* tarFiles(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const reader = byteReader(chunks);
  let known: { path?: string; size?: number } = {};
  for (;;) {
    const block = await reader.take(blockBytes);
    if (block === undefined || block.every((byte) => byte === 0)) return;
    if (!hasItsSum(block)) throw new Error(`it is no tar archive: at byte ${reader.at() - blockBytes}`);
    const size = numberIn(block, 124, 12);
    const type = String.fromCharCode(block[156] ?? 0);
    if (type === 'x' || type === 'L') {
      if (size > maxExtendedBytes) throw new Error(`a header has ${size} bytes`);
      const content = await reader.take(size);
      if (content === undefined) throw new Error('it ends in the middle of a header');
      known = type === 'x' ? { ...known, ...extended(content) } : { ...known, path: textIn(content) };
      await reader.skip(-size & (blockBytes - 1));
      continue;
    }
    const offset = reader.at();
    const bytes = known.size ?? size;
    if (['0', '\0', '7'].includes(type))
      yield { path: (known.path ?? nameIn(block)).replace(/^(\.?\/)+/, ''), size: bytes, offset };
    known = {};
    await reader.skip(bytes + (-bytes & (blockBytes - 1)));
  }
}

/** Of a header, counted as if the field that holds it were blank. */
function hasItsSum(block: Uint8Array): boolean {
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  return sum === Number.parseInt(fieldIn(block, 148, 8), 8);
}

const textIn = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8').split('\0')[0] ?? '';
const fieldIn = (block: Uint8Array, at: number, length: number): string =>
  textIn(block.subarray(at, at + length)).trim();

/** The prefix is POSIX's; in GNU's own form other things stand there. */
function nameIn(block: Uint8Array): string {
  const name = fieldIn(block, 0, 100);
  const prefix = fieldIn(block, 257, 8) === 'ustar' ? fieldIn(block, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Octal; above 8 GB with the highest bit set and then binary, as GNU tar writes it. */
function numberIn(block: Uint8Array, at: number, length: number): number {
  const field = block.subarray(at, at + length);
  if (((field[0] ?? 0) & 0x80) === 0) return Number.parseInt(fieldIn(block, at, length) || '0', 8);
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
}

/** `<length> path=<value>` a line; the value may hold line ends, so that only the length tells. */
function extended(content: Uint8Array): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {};
  let left = Buffer.from(content);
  while (left.length > 0) {
    const length = Number.parseInt(left.toString('latin1', 0, 20), 10);
    if (!(length > 0)) break;
    const [, key, value = ''] = /^\d+ ([^=]+)=(.*)\n$/s.exec(left.toString('utf8', 0, length)) ?? [];
    if (key === 'path') found.path = value;
    if (key === 'size') found.size = Number(value);
    left = left.subarray(length);
  }
  return found;
}

interface ByteReader {
  at(): number;
  /** Undefined when nothing is left. */
  take(count: number): Promise<Uint8Array | undefined>;
  skip(count: number): Promise<void>;
}

function byteReader(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const source = chunks[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array();
  let passed = 0;
  const more = async (): Promise<boolean> => {
    while (chunk.length === 0) {
      const next = await source.next();
      if (next.done === true) return false;
      chunk = next.value;
    }
    return true;
  };
  const consume = (count: number): Uint8Array => {
    const part = chunk.subarray(0, count);
    chunk = chunk.subarray(part.length);
    passed += part.length;
    return part;
  };
  return {
    at: () => passed,
    async take(count) {
      const parts: Uint8Array[] = [];
      for (let left = count; left > 0; left -= parts.at(-1)?.length ?? 0) {
        if (!(await more())) {
          if (parts.length === 0) return undefined;
          throw new Error('it ends in the middle of a file');
        }
        parts.push(consume(left));
      }
      return parts.length === 1 ? parts[0] : Buffer.concat(parts);
    },
    async skip(count) {
      for (let left = count; left > 0;) {
        if (!(await more())) throw new Error('it ends in the middle of a file');
        left -= consume(left).length;
      }
    },
  };
}
