import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { attemptGate, type Attempt, type GateCommand } from './attempt-gate.ts';
import type { Surroundings } from './command.ts';
import type { GateNotes } from './gate-notes.ts';
import type { TestCase } from './junit.ts';
import { commandNotFound } from './run-process.ts';

/** What a second run of a gate has come to. */
export interface SecondRun {
  readonly exitCode: number;
  readonly last: Attempt;
  /** Failed at first and passed then. */
  readonly flaky: GateNotes['flaky'];
}

/** Not `.junit.xml`: its tests are counted once. Nor `GATE.…`, which the gate's own command clears away. */
export const firstRunReport = (gate: string): string => `first-run.${gate}.xml`;

const keyOf = ({ name, file = '' }: TestCase): string => `${file} ${name}`;

/**
 * Runs the whole gate once more when few tests have failed, and nothing but tests; undefined when it is not to.
 * The second run counts as if it were the only one, coverage and all; but a test that had failed has to have run again and
 * passed. Why: docs/decisions/0019-a-gate-may-run-twice.md.
 */
export async function tryAgain(
  gate: GateCommand,
  first: Attempt,
  rerunAtMost: number,
  around: Surroundings,
): Promise<SecondRun | undefined> {
  const { exitCode, failedTests = [], report } = first;
  // Not after what a second try cannot change: no such command, ended from outside.
  if (exitCode === 0 || exitCode >= commandNotFound) return undefined;
  if (report === undefined || failedTests.length === 0 || failedTests.length > rerunAtMost) return undefined;
  around.print(
    `gate ${gate.name}: ${failedTests.length} failed, and up to ${rerunAtMost} may be flaky: it runs once more, all of it`,
  );
  const kept = path.join(gate.folder, 'reports', firstRunReport(gate.name));
  await mkdir(path.dirname(kept), { recursive: true });
  // Before: the step may run out of time, and what failed would be known to nobody.
  await writeFile(kept, report);
  const second = await attemptGate(gate);
  const passed = new Set((second.tests ?? []).filter(({ outcome }) => outcome === 'passed').map(keyOf));
  const flaky = failedTests.filter((test) => passed.has(keyOf(test)));
  const unproven = failedTests.length - flaky.length;
  if (second.exitCode === 0 && unproven > 0)
    around.print(`${unproven} that had failed did not run again: the gate fails`);
  if (flaky.length === 0) await rm(kept, { force: true });
  const isUnproven = second.exitCode === 0 && unproven > 0;
  return {
    exitCode: isUnproven ? exitCode : second.exitCode,
    last: isUnproven ? first : second,
    flaky: flaky.map(({ name, file = '', line, message = '' }) => ({
      name,
      file,
      ...(line === undefined ? {} : { line }),
      message,
    })),
  };
}
