import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ISerializer } from '@opentelemetry/otlp-transformer';
import type { OtlpTarget } from './otlp-settings.ts';
import { sendThroughFreeze } from './through-freeze.ts';

export interface ExporterOptions<T> {
  readonly target: OtlpTarget;
  readonly serializer: ISerializer<T, unknown>;
  /** Headers that are not known beforehand. */
  readonly authorize: () => Promise<Readonly<Record<string, string>>>;
  /** From now on nobody waits for a receiver that is not there. */
  readonly stopping: AbortSignal;
  /** Ends what is under way, so that nothing keeps the process alive. */
  readonly stopped: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

/** ExportResultCode: https://github.com/open-telemetry/opentelemetry-js/blob/main/packages/opentelemetry-core/src/ExportResult.ts */
type Done = (result: { code: 0 | 1; error?: Error }) => void;

/** What may go well a moment later: https://opentelemetry.io/docs/specs/otlp/#failures-1 */
const transient = new Set([429, 502, 503, 504]);
const retryMs = 1000;

/**
 * Sends to an OTLP endpoint over HTTP. OpenTelemetry's own exporters keep sockets and timers that nobody can end, and
 * with them the process; here one signal ends everything.
 */
export function createOtlpExporter<T>({
  target,
  serializer,
  authorize,
  stopping,
  stopped,
  onFailure,
}: ExporterOptions<T>) {
  const underWay = new Set<Promise<void>>();
  const contentType = target.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';

  async function send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const body = target.gzip ? await promisify(gzip)(bytes) : bytes;
    const headers = {
      ...target.headers,
      ...(await authorize()),
      'content-type': contentType,
      ...(target.gzip ? { 'content-encoding': 'gzip' } : {}),
    };
    let broken: Error | undefined;
    for (;;) {
      let response: Response;
      try {
        response = await fetch(target.url, { method: 'POST', headers, body: Uint8Array.from(body), signal });
        await response.arrayBuffer();
      } catch (error) {
        if (signal.aborted && broken) throw unreached(broken);
        if (signal.aborted || !isBroken(error)) throw error;
        // At once the first time: one that was kept for long may have been closed at its other end.
        if (broken) {
          const waited = AbortSignal.any([signal, stopping]);
          await delay(retryMs, undefined, { signal: waited, ref: false }).catch(() => {});
          if (waited.aborted) throw unreached(error);
        }
        broken = error;
        continue;
      }
      if (response.ok) return;
      if (!transient.has(response.status))
        throw new Error(`${new URL(target.url).host} answered ${response.status}`);
      const waitSeconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      await delay(waitSeconds > 0 ? waitSeconds * 1000 : retryMs, undefined, { signal, ref: false });
    }
  }

  const unreached = (cause: Error): Error =>
    new Error(`${new URL(target.url).host} could not be reached`, { cause });

  /** Never rejects: `done` is told what became of it. */
  async function attempt(items: T, done: Done): Promise<void> {
    try {
      const bytes = serializer.serializeRequest(items);
      if (bytes)
        await sendThroughFreeze({ timeoutMs: target.timeoutMs, stopped }, (signal) => send(bytes, signal));
    } catch (error) {
      if (!stopped.aborted) onFailure(error);
      return done({ code: 1, error: error instanceof Error ? error : new Error(String(error)) });
    }
    done({ code: 0 });
  }

  return {
    export(items: T, done: Done): void {
      const sending: Promise<void> = attempt(items, done).finally(() => underWay.delete(sending));
      underWay.add(sending);
    },
    async forceFlush(): Promise<void> {
      await Promise.all(underWay);
    },
    async shutdown(): Promise<void> {
      await Promise.all(underWay);
    },
  };
}

/** The connection's failure is the cause of what fetch throws; a request that cannot be made has none. */
function isBroken(error: unknown): error is Error {
  return error instanceof TypeError && error.cause !== undefined;
}
