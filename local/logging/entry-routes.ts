import * as z from 'zod';
import { ApiError } from '../core/api-error.ts';
import { timestamp, type Clock } from '../core/clock.ts';
import type { LogEntry } from '../core/links.ts';
import type { ApiRequest, Route } from '../core/room.ts';
import { cursorOf, type Cursor, type EntryStore } from './entry-store.ts';
import { logEntryFrom } from './log-entry-input.ts';
import { compileQuery, timeBounds } from './query-match.ts';
import { parseQuery } from './query-parser.ts';

const listInput = z.strictObject({
  resourceNames: z.array(z.string()).min(1, 'at least one is required').max(100),
  filter: z.string().max(20_000).default(''),
  orderBy: z.string().default(''),
  pageSize: z.number().int().min(0).max(1000).default(0),
  pageToken: z.string().default(''),
});

const writeInput = z.strictObject({
  logName: z.string().optional(),
  resource: z.unknown().optional(),
  labels: z.unknown().optional(),
  entries: z.array(z.unknown()),
  partialSuccess: z.boolean().optional(),
  dryRun: z.boolean().optional(),
});

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new ApiError('INVALID_ARGUMENT', problems.join('; '));
}

function orderOf(orderBy: string): 'asc' | 'desc' {
  if (/^(timestamp( asc)?)?$/.test(orderBy)) return 'asc';
  if (orderBy === 'timestamp desc') return 'desc';
  throw new ApiError('INVALID_ARGUMENT', `order_by must be "timestamp asc" or "timestamp desc": ${orderBy}`);
}

/** A page token holds the place and a mark of the query: it is of no use for another one. */
function readToken(token: string, query: string): Cursor | undefined {
  if (token === '') return undefined;
  try {
    const { q, instant, insertId } = JSON.parse(Buffer.from(token, 'base64url').toString()) as {
      q: string;
    } & Cursor;
    if (q === query) return { instant, insertId };
  } catch (cause) {
    throw new ApiError('INVALID_ARGUMENT', 'page_token is invalid', { cause });
  }
  throw new ApiError('INVALID_ARGUMENT', 'page_token does not match the request');
}

const writeToken = (cursor: Cursor, query: string): string =>
  Buffer.from(JSON.stringify({ q: query, ...cursor })).toString('base64url');

/** `entries.list` and `entries.write` of the Logging API v2. `record` stores and exports. */
export function entryRoutes(
  store: EntryStore,
  record: (entry: LogEntry) => void,
  makeInsertId: () => string,
  clock: Clock,
): Route[] {
  const list = async (request: ApiRequest): Promise<object> => {
    const input = parse(listInput, await request.json());
    const strange = input.resourceNames.find((name) => !/^projects\/[^/]+$/.test(name));
    if (strange !== undefined)
      throw new ApiError('INVALID_ARGUMENT', `resource_names: ${strange} is not projects/<project>`);
    const query = parseQuery(input.filter);
    const passes = compileQuery(query);
    const prefixes = input.resourceNames.map((name) => `${name}/logs/`);
    const order = orderOf(input.orderBy);
    const mark = JSON.stringify([input.resourceNames, input.filter, order]);
    const after = readToken(input.pageToken, mark);
    const limit = input.pageSize === 0 ? 50 : input.pageSize;
    const found = await store.find({
      matches: (entry) =>
        prefixes.some((prefix) => (entry as LogEntry).logName.startsWith(prefix)) && passes(entry),
      order,
      limit: limit + 1,
      bounds: timeBounds(query),
      ...(after ? { after } : {}),
    });
    const entries = found.slice(0, limit);
    const last = entries.at(-1);
    return {
      ...(entries.length > 0 ? { entries } : {}),
      ...(found.length > limit && last ? { nextPageToken: writeToken(cursorOf(last), mark) } : {}),
    };
  };

  const write = async (request: ApiRequest): Promise<object> => {
    const { entries, partialSuccess, dryRun, ...defaults } = parse(writeInput, await request.json());
    const now = timestamp(clock);
    const problems: ApiError[] = [];
    const checked = entries.flatMap((entry) => {
      try {
        return logEntryFrom(entry, defaults, now, makeInsertId);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        problems.push(error);
        return [];
      }
    });
    const [problem] = problems;
    if (dryRun !== true && (problem === undefined || partialSuccess === true)) checked.forEach(record);
    if (problem) throw problem;
    return {};
  };

  return [
    { method: 'POST', path: '/v2/entries:list', handle: list },
    { method: 'POST', path: '/v2/entries:write', handle: write },
  ];
}
