import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { LogEntry } from '../core/links.ts';
import { instantOf } from './instant.ts';
import type { EntryTest } from './query-match.ts';

/** Where a page ends: the order is by time, then by insert id. */
export interface Cursor {
  readonly instant: string;
  readonly insertId: string;
}

export interface EntryQuery {
  readonly matches: EntryTest;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly after?: Cursor;
  /** Instants that limit what can match. */
  readonly bounds: { readonly from?: string; readonly to?: string };
}

export interface EntryStore {
  /** Cheap: one turn of the event loop is written with one call. */
  append(entry: LogEntry): void;
  find(query: EntryQuery): Promise<LogEntry[]>;
  /** Writes out what is waiting. */
  flush(): void;
  close(): void;
}

export interface StoreLimits {
  readonly segmentBytes: number;
  /** The oldest segments go once the whole is larger. */
  readonly totalBytes: number;
}

interface Segment {
  readonly file: string;
  bytes: number;
  /** The span of its entries' times; unknown until a segment of an earlier run has been read once. */
  bounds?: { first: string; last: string };
}

interface Found {
  readonly key: string;
  readonly entry: LogEntry;
}

const keyOf = (cursor: Cursor): string => `${cursor.instant} ${cursor.insertId}`;

export const cursorOf = (entry: LogEntry): Cursor => ({
  instant: instantOf(entry.timestamp) ?? '',
  insertId: entry.insertId,
});

function widen(segment: Segment, instant: string): void {
  const { first, last } = segment.bounds ?? { first: instant, last: instant };
  segment.bounds = { first: instant < first ? instant : first, last: instant > last ? instant : last };
}

function parseLines(text: string): LogEntry[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    try {
      return JSON.parse(line) as LogEntry;
    } catch {
      // The last line of a run that was killed in the middle of a write.
      return [];
    }
  });
}

/** Log entries in JSON lines, cut into segments, the oldest dropped. `folder` is the store's own. */
export function openEntryStore(
  folder: string,
  limits: StoreLimits = { segmentBytes: 1024 * 1024, totalBytes: 32 * 1024 * 1024 },
): EntryStore {
  const segments: Segment[] = readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .map((file) => ({ file: path.join(folder, file), bytes: statSync(path.join(folder, file)).size }));
  let waiting: string[] = [];
  let scheduled: NodeJS.Immediate | undefined;
  let descriptor: number | undefined;
  let nextNumber = Number(path.basename(segments.at(-1)?.file ?? '0').split('.')[0]) + 1;

  const openSegment = (): Segment => {
    const last = segments.at(-1);
    if (last && last.bytes < limits.segmentBytes) {
      if (descriptor === undefined) {
        descriptor = openSync(last.file, 'a');
        const text = readFileSync(last.file, 'utf8');
        // What is written to must know its bounds from the start: a later read would miss what was added meanwhile.
        for (const entry of parseLines(text)) widen(last, cursorOf(entry).instant);
        if (text !== '' && !text.endsWith('\n')) last.bytes += writeSync(descriptor, '\n');
      }
      return last;
    }
    if (descriptor !== undefined) closeSync(descriptor);
    const segment: Segment = {
      file: path.join(folder, `${String(nextNumber).padStart(9, '0')}.jsonl`),
      bytes: 0,
    };
    nextNumber += 1;
    descriptor = openSync(segment.file, 'a');
    segments.push(segment);
    let total = segments.reduce((sum, { bytes }) => sum + bytes, 0);
    while (total > limits.totalBytes && segments.length > 1) {
      const oldest = segments.shift();
      if (!oldest) break;
      total -= oldest.bytes;
      rmSync(oldest.file, { force: true });
    }
    return segment;
  };

  const flush = (): void => {
    if (scheduled) clearImmediate(scheduled);
    scheduled = undefined;
    if (waiting.length === 0) return;
    const text = `${waiting.join('\n')}\n`;
    waiting = [];
    const segment = openSegment();
    if (descriptor !== undefined) segment.bytes += writeSync(descriptor, text);
  };

  const read = async (segment: Segment): Promise<LogEntry[]> => {
    const text = await readFile(segment.file, 'utf8').catch((error: unknown) => {
      // Dropped as the oldest since the search began.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    });
    const entries = parseLines(text);
    if (!segment.bounds) for (const entry of entries) widen(segment, cursorOf(entry).instant);
    return entries;
  };

  return {
    append(entry) {
      waiting.push(JSON.stringify(entry));
      widen(openSegment(), cursorOf(entry).instant);
      scheduled ??= setImmediate(flush);
    },
    flush,
    async find({ matches, order, limit, after, bounds }) {
      flush();
      const ascending = order === 'asc';
      const edge = (segment: Segment): string =>
        segment.bounds
          ? ascending
            ? segment.bounds.first
            : `${segment.bounds.last}\uffff`
          : ascending
            ? ''
            : '\uffff';
      const candidates = segments
        .filter(
          ({ bounds: span }) =>
            !span || ((bounds.from ?? '') <= span.last && span.first <= (bounds.to ?? '\uffff')),
        )
        .sort((a, b) => (edge(a) < edge(b) ? -1 : 1) * (ascending ? 1 : -1));
      const before = (a: string, b: string): boolean => (ascending ? a < b : a > b);
      const afterKey = after && keyOf(after);
      let found: Found[] = [];
      for (const segment of candidates) {
        const last = found.length >= limit ? found[limit - 1] : undefined;
        if (last && before(last.key, edge(segment))) break;
        for (const entry of await read(segment)) {
          const key = keyOf(cursorOf(entry));
          if ((afterKey === undefined || before(afterKey, key)) && matches(entry)) found.push({ key, entry });
        }
        found.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (ascending ? 1 : -1));
        found = found.slice(0, limit);
      }
      return found.map(({ entry }) => entry);
    },
    close() {
      flush();
      if (descriptor !== undefined) {
        fsyncSync(descriptor);
        closeSync(descriptor);
      }
      descriptor = undefined;
    },
  };
}
