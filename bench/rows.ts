/** What was measured, in the order in which it was. */
export interface Rows {
  readonly rows: readonly (readonly [what: string, figure: string, note: string])[];
  /** Keeps a row, and says it, for it takes minutes until all are there. */
  record(what: string, figure: string, note?: string): void;
}

export function createRows(): Rows {
  const rows: [string, string, string][] = [];
  return {
    rows,
    record(what, figure, note = '') {
      rows.push([what, figure, note]);
      process.stderr.write(`${what}: ${figure} ${note}\n`);
    },
  };
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
