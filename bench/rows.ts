/** What was measured, in the order in which it was. */
export interface Rows {
  readonly rows: readonly (readonly [what: string, figure: string, note: string])[];
  record(what: string, figure: string, note?: string): void;
}

/** Keeps rows, and says each, for it takes minutes until all are there. */
export function createRows(
  say: (line: string) => void = (line) => {
    process.stderr.write(`${line}\n`);
  },
): Rows {
  const rows: [string, string, string][] = [];
  return {
    rows,
    record(what, figure, note = '') {
      rows.push([what, figure, note]);
      say(`${what}: ${figure} ${note}`.trimEnd());
    },
  };
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
