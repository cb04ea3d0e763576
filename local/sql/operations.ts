import { randomUUID } from 'node:crypto';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import { ApiError } from '../core/api-error.ts';
import type { Table } from '../core/state.ts';

/** What an operation does, kept until it is done so that a restart can take it up again. Passwords only as verifiers. */
export type Work =
  | { readonly type: 'CREATE'; readonly rootVerifier?: string }
  | { readonly type: 'DELETE' }
  | { readonly type: 'CREATE_DATABASE'; readonly database: string }
  | { readonly type: 'CREATE_USER' | 'UPDATE_USER'; readonly user: string; readonly verifier?: string };

/** https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/operations */
export interface SqlOperation {
  readonly kind: 'sql#operation';
  readonly name: string;
  readonly operationType: Work['type'];
  readonly status: 'PENDING' | 'RUNNING' | 'DONE';
  readonly targetId: string;
  readonly targetProject: string;
  readonly targetLink: string;
  readonly selfLink: string;
  readonly user: string;
  readonly insertTime: string;
  readonly startTime?: string;
  readonly endTime?: string;
  readonly error?: {
    readonly kind: 'sql#operationErrors';
    readonly errors: readonly {
      readonly kind: 'sql#operationError';
      readonly code: string;
      readonly message: string;
    }[];
  };
}

export interface StoredOperation {
  readonly operation: SqlOperation;
  readonly work?: Work;
}

export interface SqlOperations {
  begin(project: string, instance: string, work: Work): SqlOperation;
  /**
   * Does the work of an operation and notes how it went; never rejects. `again`: an earlier run had begun with it.
   * What fails once `closing` has aborted is left for the next run.
   */
  run(
    name: string,
    closing: AbortSignal,
    perform: (operation: SqlOperation, work: Work, again: boolean) => Promise<void>,
  ): Promise<void>;
  get(project: string, name: string): SqlOperation;
  /** Those that the last run left undone, oldest first. */
  unfinished(): SqlOperation[];
}

export function createSqlOperations(context: CloudContext, table: Table<StoredOperation>): SqlOperations {
  const now = (): string => timestamp(context.clock);
  const change = (name: string, part: Partial<SqlOperation>): StoredOperation => {
    const stored = table.get(name);
    if (!stored) throw new Error(`there is no operation ${name}`);
    const done = part.status === 'DONE';
    const changed: StoredOperation = {
      operation: { ...stored.operation, ...part },
      ...(stored.work && !done ? { work: stored.work } : {}),
    };
    table.set(name, changed);
    return changed;
  };
  return {
    begin(project, instance, work) {
      const name = randomUUID();
      const base = `${context.origin}/sql/v1beta4/projects/${project}`;
      const operation: SqlOperation = {
        kind: 'sql#operation',
        name,
        operationType: work.type,
        status: 'PENDING',
        targetId: instance,
        targetProject: project,
        targetLink: `${base}/instances/${instance}`,
        selfLink: `${base}/operations/${name}`,
        user: `${context.projectNumber}-compute@developer.gserviceaccount.com`,
        insertTime: now(),
      };
      table.set(name, { operation, work });
      return operation;
    },
    async run(name, closing, perform) {
      const left = (): boolean => closing.aborted;
      if (left()) return;
      const again = table.get(name)?.operation.startTime !== undefined;
      const { operation, work } = change(name, { status: 'RUNNING', startTime: now() });
      if (!work) return;
      try {
        await perform(operation, work, again);
        change(name, { status: 'DONE', endTime: now() });
      } catch (error) {
        if (left()) return;
        const message = error instanceof Error ? error.message : String(error);
        const code = error instanceof ApiError ? error.code : 'INTERNAL_ERROR';
        context.log('error', `Cloud SQL ${operation.operationType} of ${operation.targetId}: ${message}`);
        change(name, {
          status: 'DONE',
          endTime: now(),
          error: { kind: 'sql#operationErrors', errors: [{ kind: 'sql#operationError', code, message }] },
        });
      }
    },
    get(project, name) {
      const operation = table.get(name)?.operation;
      if (operation?.targetProject !== project)
        throw new ApiError('NOT_FOUND', `The Cloud SQL operation ${name} does not exist.`);
      return operation;
    },
    unfinished: () =>
      table
        .values()
        .map(({ operation }) => operation)
        .filter(({ status }) => status !== 'DONE')
        .sort((a, b) => (a.insertTime < b.insertTime ? -1 : 1)),
  };
}
