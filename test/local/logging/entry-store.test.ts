import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LogEntry } from '../../../local/core/links.ts';
import { cursorOf, openEntryStore, type EntryStore } from '../../../local/logging/entry-store.ts';

const entryAt = (ms: number, text: string): LogEntry => ({
  logName: 'projects/p/logs/l',
  resource: { type: 'global', labels: {} },
  timestamp: new Date(Date.UTC(2026, 2, 2) + ms).toISOString(),
  severity: 'DEFAULT',
  insertId: text.padStart(8, '0'),
  textPayload: text,
});

const all = { matches: () => true, bounds: {} };

describe('stored entries', () => {
  let folder = '';
  let store: EntryStore;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'slipway-entries-'));
    store = openEntryStore(folder, { segmentBytes: 2_000, totalBytes: 10_000 });
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const texts = (entries: LogEntry[]): string[] => entries.map(({ textPayload }) => textPayload ?? '');

  test('come in the order of their time, either way', async () => {
    for (const ms of [30, 10, 20]) store.append(entryAt(ms, String(ms)));
    expect(texts(await store.find({ ...all, order: 'asc', limit: 10 }))).toEqual(['10', '20', '30']);
    expect(texts(await store.find({ ...all, order: 'desc', limit: 2 }))).toEqual(['30', '20']);
  });

  test.each(['asc', 'desc'] as const)('page without gaps or repetitions, %s', async (order) => {
    for (let ms = 0; ms < 50; ms += 1) {
      // Every fifth is late, into another segment than its time's.
      store.append(entryAt(ms % 5 === 0 ? Math.max(0, ms - 20) : ms, String(ms)));
      store.flush();
    }
    const found: LogEntry[] = [];
    for (;;) {
      const last = found.at(-1);
      const page = await store.find({ ...all, order, limit: 7, ...(last ? { after: cursorOf(last) } : {}) });
      found.push(...page);
      if (page.length < 7) break;
    }
    const wanted = await store.find({ ...all, order, limit: 1000 });
    expect(texts(found)).toEqual(texts(wanted));
    expect(new Set(texts(found)).size).toBe(found.length);
  });

  test('are bounded: the oldest go', async () => {
    for (let ms = 0; ms < 500; ms += 1) {
      store.append(entryAt(ms, String(ms)));
      store.flush();
    }
    const files = readdirSync(folder);
    const bytes = files.reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0);
    expect(bytes).toBeLessThan(13_000);
    const found = texts(await store.find({ ...all, order: 'asc', limit: 1000 }));
    expect(found.at(-1)).toBe('499');
    expect(found.length).toBeGreaterThan(30);
    expect(found).not.toContain('0');
  });

  test('are there after a restart, and a line that was cut short costs nothing but itself', async () => {
    store.append(entryAt(1, 'one'));
    store.flush();
    const [file = ''] = readdirSync(folder);
    appendFileSync(path.join(folder, file), '{"logName":"projects/p/lo');
    const second = openEntryStore(folder);
    second.append(entryAt(2, 'two'));
    expect(texts(await second.find({ ...all, order: 'asc', limit: 10 }))).toEqual(['one', 'two']);
    second.close();
  });

  test('outside the time of a query are not even read', async () => {
    for (let ms = 0; ms < 100; ms += 1) {
      store.append(entryAt(ms, String(ms)));
      store.flush();
    }
    let seen = 0;
    const found = await store.find({
      matches: () => {
        seen += 1;
        return true;
      },
      order: 'asc',
      limit: 1000,
      bounds: { from: cursorOf(entryAt(95, '')).instant },
    });
    expect(found.length).toBeLessThan(20);
    expect(seen).toBe(found.length);
  });
});
