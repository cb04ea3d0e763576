import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Surroundings } from '../command.ts';
import { clearGateOutcome, writeGateOutcome, writeSkippedGate } from '../gate-outcome.ts';
import { listReportFiles } from '../read-reports.ts';
import type { StorageAddress } from '../storage-address.ts';
import { writeSkippedReport } from './skipped-report.ts';
import { uploadReports } from './upload-reports.ts';

/** What a smoke leaves behind: its outcome where those of the other gates are, and reports beside those of the tests. */
export interface SmokeReports {
  /** Keeps the reports and notes the outcome; the exit code that it was given. */
  end(exitCode: number): Promise<number>;
  /** Reports that nothing was looked at, and why; 0. */
  skip(why: string): Promise<number>;
}

const gate = 'smoke';

/** Not Playwright's own notes, which begin with a dot. */
const isOurs = (file: string): boolean => /^smoke[./](?!\.)/.test(file);

/** Begins anew in `folder`, which is absolute: what an earlier run left says nothing of this one. */
export async function openSmokeReports(
  around: Surroundings,
  service: string,
  folder: string,
  to: StorageAddress,
): Promise<SmokeReports> {
  await clearGateOutcome(around.folder, gate);
  for (const file of ['smoke', 'smoke.md', 'smoke.junit.xml'])
    await rm(path.join(folder, file), { recursive: true, force: true });
  const started = around.now();
  const seconds = (): number => (around.now() - started) / 1000;
  const keep = async (): Promise<void> => {
    const files = await listReportFiles(folder);
    await uploadReports(
      around,
      files.filter(({ name }) => isOurs(name)),
      to,
    );
  };
  return {
    async end(exitCode) {
      await writeGateOutcome(around.folder, gate, exitCode, seconds());
      await keep();
      return exitCode;
    },
    async skip(why) {
      await writeSkippedGate(around.folder, gate, why, seconds());
      await writeSkippedReport(folder, service, why);
      around.print(`smoke skipped: ${why}`);
      await keep();
      return 0;
    },
  };
}
