export interface Dsn {
  /** As it was given: the SDK reads it itself. */
  readonly text: string;
  /** Where events go, for people; without the key. */
  readonly host: string;
}

/** `https://KEY@HOST[/PATH]/PROJECT`; undefined for anything else: https://docs.sentry.io/concepts/key-terms/dsn-explainer/ */
export function readDsn(text: string): Dsn | undefined {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || !/^\w+$/.test(url.username) || !/\/\d+$/.test(url.pathname))
    return undefined;
  return { text, host: url.host };
}
