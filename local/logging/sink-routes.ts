import { ApiError } from '../core/api-error.ts';
import { timestamp, type Clock } from '../core/clock.ts';
import { pageOf } from '../core/page.ts';
import { camelCase } from '../core/proto-json.ts';
import type { ApiRequest, Route } from '../core/room.ts';
import { parseLogSink, type LogSink } from './log-sink.ts';
import type { Sinks } from './sinks.ts';

/** Written in full when the request has no mask; kept for clients from before masks. */
const defaultMask = ['destination', 'filter', 'includeChildren'];

const maskable = new Set([...defaultMask, 'description', 'disabled', 'exclusions']);

function maskOf(request: ApiRequest): string[] {
  const given = request.query.getAll('updateMask').concat(request.query.getAll('update_mask'));
  const paths = given
    .flatMap((text) => text.split(','))
    .map((path) => camelCase(path.trim()))
    .filter((path) => path !== '');
  const unknown = paths.find((path) => !maskable.has(path));
  if (unknown !== undefined)
    throw new ApiError('INVALID_ARGUMENT', `update_mask: ${unknown} cannot be updated`);
  return paths.length > 0 ? paths : defaultMask;
}

function masked(current: LogSink, change: LogSink, mask: readonly string[]): LogSink {
  const kept = Object.entries(current).filter(([key]) => !mask.includes(key));
  const set = Object.entries(change).filter(([key]) => mask.includes(key));
  return parseLogSink(Object.fromEntries([...kept, ...set]));
}

/** `projects.sinks` of the Logging API v2. */
export function sinkRoutes(sinks: Sinks, clock: Clock, projectNumber: string): Route[] {
  const nameOf = (request: ApiRequest): string => request.params.sinkName ?? '';
  const body = async (request: ApiRequest, name?: string): Promise<LogSink> => {
    const json = (await request.json()) as object;
    return parseLogSink(name === undefined ? json : { ...json, name: name.split('/').at(-1) });
  };
  const update = async (request: ApiRequest): Promise<LogSink> => {
    const name = nameOf(request);
    const change = masked(sinks.get(name), await body(request, name), maskOf(request));
    const updated = { ...change, updateTime: timestamp(clock) };
    sinks.put(name, updated);
    return updated;
  };
  return [
    {
      method: 'POST',
      path: '/v2/{parent=projects/*}/sinks',
      async handle(request) {
        const sink = await body(request);
        const name = `${request.params.parent ?? ''}/sinks/${sink.name}`;
        if (sinks.has(name)) throw new ApiError('ALREADY_EXISTS', `Sink ${sink.name} already exists`);
        const now = timestamp(clock);
        const unique = request.query.get('uniqueWriterIdentity') === 'true';
        const created: LogSink = {
          ...sink,
          writerIdentity: unique
            ? `serviceAccount:service-${projectNumber}@gcp-sa-logging.iam.gserviceaccount.com`
            : 'serviceAccount:cloud-logs@system.gserviceaccount.com',
          createTime: now,
          updateTime: now,
        };
        sinks.put(name, created);
        return created;
      },
    },
    {
      method: 'GET',
      path: '/v2/{parent=projects/*}/sinks',
      handle(request) {
        const pageSize = Number(request.query.get('pageSize') ?? 0);
        const pageToken = request.query.get('pageToken') ?? '';
        const all = sinks.list(request.params.parent ?? '');
        const { page, ...next } = pageOf(all, ({ name }) => name, { pageSize, pageToken });
        return { sinks: page, ...next };
      },
    },
    {
      method: 'GET',
      path: '/v2/{sinkName=projects/*/sinks/*}',
      handle: (request) => sinks.get(nameOf(request)),
    },
    { method: 'PUT', path: '/v2/{sinkName=projects/*/sinks/*}', handle: update },
    { method: 'PATCH', path: '/v2/{sinkName=projects/*/sinks/*}', handle: update },
    {
      method: 'DELETE',
      path: '/v2/{sinkName=projects/*/sinks/*}',
      handle(request) {
        const name = nameOf(request);
        sinks.get(name);
        sinks.remove(name);
        return {};
      },
    },
  ];
}
