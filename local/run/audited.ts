import { asApiError } from '../core/api-error.ts';
import type { LogWriter } from '../core/links.ts';
import { activity } from './log-entries.ts';

/** A call of the Admin API that changes something. */
export interface AuditedCall {
  /** Full name of the resource. */
  readonly name: string;
  /** `Services.UpdateService`. */
  readonly method: string;
  readonly caller: string;
  readonly request: unknown;
}

/** Runs `call` and writes it to the activity log, also when it is refused. */
export async function audited<T>(log: LogWriter, call: AuditedCall, run: () => T | Promise<T>): Promise<T> {
  try {
    const result = await run();
    log.write(activity({ ...call, status: undefined }));
    return result;
  } catch (error) {
    log.write(activity({ ...call, status: asApiError(error).toStatus() }));
    throw error;
  }
}
