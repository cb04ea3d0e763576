import type { LogEntry, LogWatcher } from '../core/links.ts';
import { compileQuery, type EntryTest } from './query-match.ts';
import { parseQuery } from './query-parser.ts';

interface Watch {
  readonly logs: string;
  readonly passes: EntryTest;
  readonly matched: (entry: LogEntry) => void;
}

/** Who looks at entries as they are written. */
export interface LogWatchers extends LogWatcher {
  show(entry: LogEntry): void;
}

export function createLogWatchers(): LogWatchers {
  const watches = new Set<Watch>();
  return {
    watch(project, query, matched) {
      const watch = { logs: `projects/${project}/`, passes: compileQuery(parseQuery(query)), matched };
      watches.add(watch);
      return () => {
        watches.delete(watch);
      };
    },
    show(entry) {
      for (const { logs, passes, matched } of watches)
        if (entry.logName.startsWith(logs) && passes(entry)) matched(entry);
    },
  };
}
