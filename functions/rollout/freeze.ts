import { maxLogEntries, type Frozen, type ServiceRecord } from '../release/service-record.ts';

export type LogEntry = ServiceRecord['log'][number];

/** The record with one more line in its log; the oldest lines go. */
export const logged = (record: ServiceRecord, entry: LogEntry): ServiceRecord => ({
  ...record,
  log: [...record.log, entry].slice(-maxLogEntries),
});

/** The record with the automation stopped. The first reason stands: it is the one that a person has to look at. */
export const froze = (record: ServiceRecord, frozen: Frozen): ServiceRecord =>
  record.frozen
    ? record
    : logged({ ...record, frozen }, { at: frozen.at, what: 'frozen', by: frozen.by, why: frozen.why });
