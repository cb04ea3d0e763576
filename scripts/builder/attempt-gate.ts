import { existsSync } from 'node:fs';
import { readFile, realpath, rm } from 'node:fs/promises';
import path from 'node:path';
import { findFailurePlaces, type FailurePlace } from './failure-places.ts';
import { parseJunit, type TestCase } from './junit.ts';
import { runProcess } from './run-process.ts';

export interface GateCommand {
  /** Of the gate. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Absolute. */
  readonly folder: string;
  /** The same from the root of the checkout, as it is shown. */
  readonly shownFolder: string;
}

/** How one run of a gate's command ended. */
export interface Attempt {
  readonly exitCode: number;
  /** The test report that it wrote, as it stands; undefined when it wrote none. */
  readonly report: string | undefined;
  /** The tests in it; undefined when there is none, or it cannot be read. */
  readonly tests: readonly TestCase[] | undefined;
  readonly failedTests: readonly TestCase[] | undefined;
  /** What the output of a failed one names. All files are from the root of the checkout. */
  readonly places: readonly FailurePlace[];
}

interface HasFile {
  readonly file?: string;
}

/** As much of the output as is looked through for places; the end of it, where the tools repeat themselves. */
const maxHeardBytes = 1024 * 1024;

const reportOf = ({ folder, name }: GateCommand): string => path.join(folder, 'reports', `${name}.junit.xml`);

/** Runs the command once. A report that lay there before is not its own, and is gone. */
export async function attemptGate(gate: GateCommand): Promise<Attempt> {
  await rm(reportOf(gate), { force: true });
  const heard = tail(maxHeardBytes);
  const exitCode = await runProcess(gate.command, gate.args, gate.folder, heard.add);
  const report = await readIfThere(reportOf(gate));
  const shown = await fromRoot(gate);
  const tests = report === undefined ? undefined : testsIn(report)?.map(shown);
  return {
    exitCode,
    report,
    tests,
    failedTests: tests?.filter(({ outcome }) => outcome === 'failed'),
    places: exitCode === 0 ? [] : findFailurePlaces(heard.text()).map(shown),
  };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** A runner that was killed leaves half a report. */
function testsIn(report: string): TestCase[] | undefined {
  try {
    return parseJunit(report);
  } catch {
    return undefined;
  }
}

/**
 * Paths from the root of the checkout, by whatever link the tool has come to them. A relative path that is no file of the
 * gate's folder stays as the tool wrote it: it may have run in another one.
 */
async function fromRoot({ folder, shownFolder }: GateCommand): Promise<<T extends HasFile>(at: T) => T> {
  const folders = [folder, await realpath(folder).catch(() => folder)];
  const shown = (file: string): string => {
    if (!path.isAbsolute(file))
      return existsSync(path.join(folder, file)) ? path.posix.join(shownFolder, file) : file;
    return (
      folders
        .map((from) => path.posix.join(shownFolder, path.relative(from, file)))
        .find((each) => !each.startsWith('../')) ?? file
    );
  };
  return (at) => (at.file === undefined ? at : { ...at, file: shown(at.file) });
}

function tail(maxBytes: number): { add: (chunk: Buffer) => void; text: () => string } {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add(chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      while (bytes - (chunks[0]?.length ?? 0) >= maxBytes) bytes -= chunks.shift()?.length ?? 0;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
