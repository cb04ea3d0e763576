import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ISerializer } from '@opentelemetry/otlp-transformer';
import type { OtlpTarget } from './otlp-settings.ts';

export interface ExporterOptions<T> {
  readonly target: OtlpTarget;
  readonly serializer: ISerializer<T, unknown>;
  /** Headers that are not known beforehand. */
  readonly authorize: () => Promise<Readonly<Record<string, string>>>;
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
  stopped,
  onFailure,
}: ExporterOptions<T>) {
  const underWay = new Set<Promise<void>>();
  const contentType = target.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';

  async function send(items: T): Promise<void> {
    const bytes = serializer.serializeRequest(items);
    if (!bytes) return;
    const body = target.gzip ? await promisify(gzip)(bytes) : bytes;
    const signal = AbortSignal.any([AbortSignal.timeout(target.timeoutMs), stopped]);
    const headers = {
      ...target.headers,
      ...(await authorize()),
      'content-type': contentType,
      ...(target.gzip ? { 'content-encoding': 'gzip' } : {}),
    };
    for (;;) {
      const response = await fetch(target.url, {
        method: 'POST',
        headers,
        body: Uint8Array.from(body),
        signal,
      });
      await response.arrayBuffer();
      if (response.ok) return;
      if (!transient.has(response.status))
        throw new Error(`${new URL(target.url).host} answered ${response.status}`);
      const waitSeconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      await delay(waitSeconds > 0 ? waitSeconds * 1000 : retryMs, undefined, { signal, ref: false });
    }
  }

  /** Never rejects: `done` is told what became of it. */
  async function attempt(items: T, done: Done): Promise<void> {
    try {
      await send(items);
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
