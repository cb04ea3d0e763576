import { ApiError } from '../core/api-error.ts';
import type { LogEntry, Publisher } from '../core/links.ts';
import type { Table } from '../core/state.ts';
import type { LogSink } from './log-sink.ts';
import { compileQuery, type EntryTest } from './query-match.ts';
import { parseQuery } from './query-parser.ts';

interface Outlet {
  readonly project: string;
  readonly topic: string;
  readonly passes: EntryTest;
}

/** The sinks of every project, and what goes out through them. */
export interface Sinks {
  get(name: string): LogSink;
  list(parent: string): LogSink[];
  /** Stores a checked sink under `projects/p/sinks/s`. */
  put(name: string, sink: LogSink): void;
  remove(name: string): void;
  has(name: string): boolean;
  /** Publishes the entry to the topic of every sink whose filter it passes. */
  export(entry: LogEntry): void;
}

/** The topic that a sink's destination names. */
export const topicOf = (destination: string): string => destination.slice('pubsub.googleapis.com/'.length);

/** Throws INVALID_ARGUMENT for a filter that cannot be parsed. */
function outletOf(name: string, sink: LogSink): Outlet | undefined {
  const filter = compileQuery(parseQuery(sink.filter ?? ''));
  const excluded = (sink.exclusions ?? [])
    .filter(({ disabled }) => disabled !== true)
    .map(({ filter: text }) => compileQuery(parseQuery(text)));
  if (sink.disabled === true) return undefined;
  return {
    project: name.split('/')[1] ?? '',
    topic: topicOf(sink.destination),
    passes: (entry) => filter(entry) && !excluded.some((test) => test(entry)),
  };
}

export function createSinks(table: Table<LogSink>, publisher: Publisher): Sinks {
  const outlets = new Map<string, Outlet>();
  const open = (name: string, sink: LogSink): void => {
    const outlet = outletOf(name, sink);
    if (outlet) outlets.set(name, outlet);
    else outlets.delete(name);
  };
  for (const [name, sink] of table.entries()) open(name, sink);
  return {
    get(name) {
      const sink = table.get(name);
      if (!sink) throw new ApiError('NOT_FOUND', `Sink ${name.split('/').at(-1) ?? ''} does not exist`);
      return sink;
    },
    list: (parent) => table.values(`${parent}/sinks/`),
    put(name, sink) {
      open(name, sink);
      table.set(name, sink);
    },
    remove(name) {
      outlets.delete(name);
      table.delete(name);
    },
    has: (name) => table.get(name) !== undefined,
    export(entry) {
      let data: Buffer | undefined;
      for (const { project, topic, passes } of outlets.values()) {
        if (!entry.logName.startsWith(`projects/${project}/`) || !passes(entry)) continue;
        data ??= Buffer.from(JSON.stringify(entry));
        publisher.publish(topic, {
          data,
          attributes: { 'logging.googleapis.com/timestamp': entry.timestamp },
        });
      }
    },
  };
}
