import type { Clock } from './clock.ts';
import type { Identity } from './identity.ts';
import type { Operations } from './operations.ts';
import type { Ports } from './ports.ts';
import type { Processes } from './processes.ts';
import type { Table } from './state.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** What every room gets. */
export interface CloudContext {
  /** Any well-formed project works: resources live below whatever project a request names. This is the default one. */
  readonly projectId: string;
  readonly projectNumber: string;
  readonly region: string;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly operations: Operations;
  readonly ports: Ports;
  readonly identity: Identity;
  /** A durable table, `<state>/<room>/<name>/`. Opening the same one twice is a programming error. */
  table<T>(room: string, name: string): Table<T>;
  /** A folder of the room's own for what is no JSON, made when absent: `<state>/<room>/<name>/`. */
  folder(room: string, name: string): string;
  /** `http://127.0.0.1:<port>`: known from the start, also before the server listens. */
  readonly origin: string;
  /** What every started process gets: PATH, HOME, endpoints, the machine's npm settings. `home` is the HOME to give. */
  processEnvironment(home: string): Record<string, string>;
  /**
   * Folders of this machine that hold the tools which builder and base images stand for. `given`: by the one who started
   * the local cloud, executables for builders that are nothing of its own, such as `k6`.
   */
  readonly tools: { readonly node: string; readonly given: string | undefined };
  log(level: LogLevel, message: string): void;
}
