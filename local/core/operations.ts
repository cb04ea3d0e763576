import { randomUUID } from 'node:crypto';
import { ApiError, asApiError } from './api-error.ts';
import type { Route } from './room.ts';
import type { Table } from './state.ts';

/** google.longrunning.Operation as proto3 JSON. */
export interface Operation {
  name: string;
  metadata?: { '@type': string } & Record<string, unknown>;
  done?: boolean;
  response?: { '@type': string } & Record<string, unknown>;
  error?: { code: number; message: string };
}

/** Long-running operations of every product: one store, because all of them poll the same paths. */
export interface Operations {
  /** Starts an operation below `parent` (`projects/p/locations/l`) and returns it at once. */
  begin(parent: string, metadata?: Operation['metadata'], name?: string): Operation;
  succeed(name: string, response: NonNullable<Operation['response']>): void;
  fail(name: string, error: unknown): void;
  update(name: string, metadata: NonNullable<Operation['metadata']>): void;
  get(name: string): Operation;
  /** Resolves once the operation is done (or `signal` aborts), with its state then. */
  wait(name: string, signal: AbortSignal): Promise<Operation>;
  readonly routes: readonly Route[];
}

export function createOperations(table: Table<Operation>): Operations {
  const waiting = new Map<string, Set<() => void>>();
  const get = (name: string): Operation => {
    const operation = table.get(name);
    if (!operation) throw new ApiError('NOT_FOUND', `Operation ${name} was not found`);
    return operation;
  };
  const change = (name: string, part: Partial<Operation>): void => {
    table.set(name, { ...get(name), ...part });
    if (part.done) {
      waiting.get(name)?.forEach((wake) => {
        wake();
      });
    }
  };
  const operations: Omit<Operations, 'routes'> = {
    begin(parent, metadata, name = `${parent}/operations/${randomUUID()}`) {
      const operation: Operation = { name, done: false, ...(metadata ? { metadata } : {}) };
      table.set(name, operation);
      return operation;
    },
    succeed(name, response) {
      change(name, { done: true, response });
    },
    fail(name, error) {
      change(name, { done: true, error: asApiError(error).toStatus() });
    },
    update(name, metadata) {
      change(name, { metadata });
    },
    get,
    wait(name, signal) {
      return new Promise((resolve) => {
        const settle = (): void => {
          waiting.get(name)?.delete(settle);
          signal.removeEventListener('abort', settle);
          resolve(get(name));
        };
        if (get(name).done === true || signal.aborted) {
          settle();
          return;
        }
        waiting.set(name, (waiting.get(name) ?? new Set()).add(settle));
        signal.addEventListener('abort', settle, { once: true });
      });
    },
  };
  const routes: Route[] = ['v1', 'v2'].flatMap((version): Route[] => [
    {
      method: 'GET',
      path: `/${version}/{name=projects/*/locations/*/operations/*}`,
      handle: ({ params }) => get(params.name ?? ''),
    },
    {
      method: 'GET',
      path: `/${version}/{name=operations/**}`,
      handle: ({ params }) => get(params.name ?? ''),
    },
    {
      method: 'POST',
      path: `/${version}/{name=projects/*/locations/*/operations/*}:wait`,
      handle: ({ params, signal }) =>
        operations.wait(params.name ?? '', AbortSignal.any([signal, AbortSignal.timeout(30_000)])),
    },
  ]);
  return { ...operations, routes };
}
