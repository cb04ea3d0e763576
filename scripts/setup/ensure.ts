import { setTimeout as sleep } from 'node:timers/promises';
import {
  expectOk,
  GoogleApiError,
  type GoogleApi,
  type GoogleRequest,
} from '../../functions/platform/google-api.ts';

export interface Ensured {
  /** What it is, for people: `bucket gs://x`. */
  readonly what: string;
  /** Host label of the API (`storage`, `logging`). */
  readonly service: string;
  /** Where it is, once it exists. */
  readonly path: string;
  readonly create: { readonly path: string } & GoogleRequest;
}

/** Creates a resource unless it exists; true when it was created. Two setups side by side do not hurt one another. */
export async function ensure(api: GoogleApi, { what, service, path, create }: Ensured): Promise<boolean> {
  const existing = await api.request(service, path);
  await existing.body?.cancel();
  if (existing.ok) return false;
  if (existing.status !== 404) await expectOk(existing, `looking for ${what}`);
  const { path: createPath, ...request } = create;
  const created = await api.request(service, createPath, { method: 'POST', ...request });
  if (created.status === 409) {
    await created.body?.cancel();
    return false;
  }
  await expectOk(created, `creating ${what}`);
  await created.body?.cancel();
  return true;
}

/** Runs a create call of an official client; an existing resource is left as it is. True when it was created. */
export async function unlessExists(create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create();
    return true;
  } catch (error) {
    // 6: google.rpc.Code ALREADY_EXISTS; the REST transport may report the HTTP status instead.
    const { code } = error as { code?: unknown };
    if (code === 6 || code === 409) return false;
    throw error;
  }
}

/** Asks again and again until `look` gives a value; throws after `timeoutSeconds` with what was waited for. */
export async function waitFor<T>(
  what: string,
  timeoutSeconds: number,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const until = Date.now() + timeoutSeconds * 1000;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 1.5, 2_000)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`${what} did not come about within ${timeoutSeconds} s`);
    await sleep(pauseMs);
  }
}

/** The JSON of a GET; undefined for 404. */
export async function getJson(api: GoogleApi, service: string, path: string): Promise<unknown> {
  const response = await api.request(service, path);
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  await expectOk(response, `reading ${path}`);
  return response.json();
}

/** The response of a long-running operation that was begun with `started` (its JSON). Throws what it ended with. */
export async function finished(
  api: GoogleApi,
  service: string,
  version: string,
  what: string,
  started: unknown,
): Promise<unknown> {
  interface Operation {
    name: string;
    done?: boolean;
    response?: unknown;
    error?: { message: string };
  }
  let operation = started as Operation;
  operation = await waitFor(what, 900, async () => {
    if (operation.done !== true)
      operation = (await getJson(api, service, `/${version}/${operation.name}`)) as Operation;
    return operation.done === true ? operation : undefined;
  });
  if (operation.error) throw new GoogleApiError(`${what}: ${operation.error.message}`, 500);
  return operation.response;
}
