/** Milliseconds of a proto3 JSON Duration (`600s`, `1.5s`), or undefined when the text is none. */
export function durationMs(text: string): number | undefined {
  const found = /^(\d{1,12})(\.\d{1,9})?s$/.exec(text);
  return found ? Math.round(Number(`${found[1] ?? '0'}${found[2] ?? ''}`) * 1000) : undefined;
}

/** `1.25 s`, `2 min 5 s`: a span for people. */
export function spokenDuration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
