import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Surroundings } from '../command.ts';
import { clearGateOutcome, writeGateOutcome, writeSkippedGate } from '../gate-outcome.ts';
import type { CheckOutcome } from './finding.ts';

/**
 * Runs a check of the builder itself as a gate: notes for `results` how it ended, as `builder gate` does for a command.
 * The exit code. When it throws no outcome is left, which `results` takes for a failure.
 */
export async function notedGate(
  around: Surroundings,
  name: string,
  check: () => Promise<CheckOutcome>,
): Promise<number> {
  await clearGateOutcome(around.folder, name);
  const started = around.now();
  const outcome = await check();
  const seconds = (around.now() - started) / 1000;
  if (outcome.kind === 'skipped') {
    await writeSkippedGate(around.folder, name, outcome.why, seconds);
    return 0;
  }
  const exitCode = outcome.kind === 'passed' ? 0 : 1;
  await writeGateOutcome(around.folder, name, exitCode, seconds);
  return exitCode;
}

/** Writes `FOLDER/reports/<name>`, where `results` finds it. */
export async function writeReport(
  around: Surroundings,
  folder: string,
  name: string,
  text: string,
): Promise<void> {
  const reports = path.resolve(around.folder, folder, 'reports');
  await mkdir(reports, { recursive: true });
  await writeFile(path.join(reports, name), text);
}
