import { isObject } from './message.ts';

export interface Settings {
  readonly apiUrl: string;
  /** ws: or wss:, with the path. */
  readonly streamUrl: string;
  readonly commit: string | undefined;
  /** The trace that this page began with, where there is one: https://www.w3.org/TR/trace-context/ */
  readonly traceparent: string | undefined;
}

/** Asks the server that the page came from where the api and the stream are. */
export async function fetchSettings(): Promise<Settings> {
  const response = await fetch('/config.json');
  if (!response.ok) throw new Error(`/config.json answered ${response.status}`);
  return decodeSettings(await response.json());
}

/** Throws when an address is missing. */
export function decodeSettings(value: unknown): Settings {
  if (!isObject(value)) throw new Error('/config.json is not an object');
  const { apiUrl, streamingUrl, commit, traceparent } = value;
  if (typeof apiUrl !== 'string' || typeof streamingUrl !== 'string')
    throw new Error('/config.json lacks an address');
  return {
    apiUrl,
    streamUrl: `${streamingUrl.replace(/^http/, 'ws')}/stream`,
    commit: typeof commit === 'string' ? commit : undefined,
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
  };
}
