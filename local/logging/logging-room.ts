import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { LogEntry, LogWatcher, LogWriter, Publisher } from '../core/links.ts';
import type { Room } from '../core/room.ts';
import { entryRoutes } from './entry-routes.ts';
import { openEntryStore } from './entry-store.ts';
import { createInsertIds } from './insert-ids.ts';
import type { LogSink } from './log-sink.ts';
import { createLogWatchers } from './log-watchers.ts';
import { sinkRoutes } from './sink-routes.ts';
import { createSinks } from './sinks.ts';

export interface LoggingRoom {
  readonly room: Room;
  readonly writer: LogWriter;
  readonly watcher: LogWatcher;
}

/**
 * Cloud Logging v2: sinks that export to Pub/Sub, entries that can be written and searched.
 * The newest 32 MiB of entries are kept.
 */
export function createLoggingRoom(context: CloudContext, links: { publisher: Publisher }): LoggingRoom {
  const { clock } = context;
  const sinks = createSinks(context.table<LogSink>('logging', 'sinks'), links.publisher);
  const store = openEntryStore(context.folder('logging', 'entries'));
  const makeInsertId = createInsertIds(clock);

  const watchers = createLogWatchers();

  const record = (entry: LogEntry): void => {
    store.append(entry);
    sinks.export(entry);
    watchers.show(entry);
  };

  return {
    room: {
      name: 'logging',
      routes: [
        ...sinkRoutes(sinks, clock, context.projectNumber),
        ...entryRoutes(store, record, makeInsertId, clock),
      ],
      stop() {
        store.close();
      },
    },
    watcher: watchers,
    writer: {
      write(entry) {
        const now = timestamp(clock);
        record({
          ...entry,
          timestamp: entry.timestamp ?? now,
          receiveTimestamp: now,
          severity: entry.severity ?? 'DEFAULT',
          insertId: makeInsertId(),
        });
      },
    },
  };
}
