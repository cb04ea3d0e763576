import type { Telemetry } from './telemetry.ts';

const lastReportMs = 2000;

/** Ends a process that cannot go on: says why, reports it where that is possible, and leaves with 1. */
export async function endWithError(telemetry: Telemetry, error: unknown, text: string): Promise<void> {
  process.stderr.write(`${text}\n`);
  telemetry.report(error);
  await leave(telemetry);
}

async function leave(telemetry: Pick<Telemetry, 'stop'>): Promise<void> {
  await telemetry.stop(lastReportMs);
  process.exit(1);
}

/** Node would end the process just the same, but at once, and the report would never leave it. */
export function reportCrashes(telemetry: Pick<Telemetry, 'report' | 'stop'>): void {
  process.once('uncaughtException', (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    telemetry.report(error);
    void leave(telemetry);
  });
}
