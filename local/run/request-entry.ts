import { entryHead, type NewLogEntry } from './log-entries.ts';

/** One request as the proxy has seen it. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly latencyMs: number;
  /** The part of it from when an instance had the request; undefined when none ever did. */
  readonly atInstanceMs: number | undefined;
  /** With their headers. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  readonly remoteIp: string;
  readonly protocol: string;
  /** 32 hex digits. */
  readonly traceId: string;
  /** Short name; empty when the request reached no revision. */
  readonly revision: string;
  readonly instanceId: string | undefined;
  /** Why the request did not get its answer from the container, if so. */
  readonly note: string | undefined;
}

const severityOf = (status: number): 'INFO' | 'WARNING' | 'ERROR' =>
  status >= 500 ? 'ERROR' : status >= 400 ? 'WARNING' : 'INFO';

/** The entry of one request in `run.googleapis.com/requests`. `service` is the full name. */
export function requestEntry(service: string, exchange: Exchange): NewLogEntry {
  const { revision, instanceId, note, traceId } = exchange;
  const head = entryHead(service, revision, 'run.googleapis.com/requests');
  return {
    ...head,
    severity: severityOf(exchange.status),
    httpRequest: {
      requestMethod: exchange.method,
      requestUrl: exchange.url,
      requestSize: String(exchange.requestBytes),
      status: exchange.status,
      responseSize: String(exchange.responseBytes),
      ...(exchange.userAgent === undefined ? {} : { userAgent: exchange.userAgent }),
      ...(exchange.referer === undefined ? {} : { referer: exchange.referer }),
      remoteIp: exchange.remoteIp,
      latency: `${(exchange.latencyMs / 1000).toFixed(6)}s`,
      protocol: exchange.protocol,
    },
    trace: `projects/${head.resource.labels.project_id ?? ''}/traces/${traceId}`,
    ...(instanceId === undefined ? {} : { labels: { instanceId } }),
    ...(note === undefined ? {} : { textPayload: note }),
  };
}
