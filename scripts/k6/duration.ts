const unitMs: Readonly<Record<string, number>> = {
  us: 0.001,
  µs: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const part = String.raw`(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d)`;

/** A duration as k6 writes it, `1m30s` or `500ms`, in milliseconds; a bare number is milliseconds. Undefined: it is none. */
export function parseDurationMs(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isFinite(text) && text >= 0 ? text : undefined;
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if (!new RegExp(`^(?:${part})+$`).test(text)) return undefined;
  return [...text.matchAll(new RegExp(part, 'g'))].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ''] ?? NaN),
    0,
  );
}

/** Milliseconds for people: `812µs`, `12.34ms`, `1.5s`, `2m5s`. */
export function showDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 1) return `${trim(ms * 1000)}µs`;
  if (ms < 1000) return `${trim(ms)}ms`;
  if (ms < 60_000) return `${trim(ms / 1000)}s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.round((ms - minutes * 60_000) / 1000);
  return `${minutes}m${seconds}s`;
}

const trim = (value: number): string => String(Number(value.toFixed(2)));
