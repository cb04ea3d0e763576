import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { escapeXml } from '../k6/escape-xml.ts';
import type { Surroundings } from './command.ts';
import { clearGateOutcome, writeGateOutcome, writeSkippedGate } from './gate-outcome.ts';
import { listReportFiles } from './read-reports.ts';
import type { StorageAddress } from './storage-address.ts';
import { uploadReports } from './upload-reports.ts';

/** A gate that comes behind `results`, and so keeps its reports itself. */
export interface LateGate {
  /** Also of its reports: `NAME.md`, `NAME.junit.xml`, the folder `NAME`. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly service: string;
  /** Of the service's reports. Absolute. */
  readonly folder: string;
  /** Where they are kept. */
  readonly to: StorageAddress;
}

/** What such a gate leaves behind: its outcome where those of the other gates are, and reports beside those of the tests. */
export interface GateReports {
  /** Keeps the reports and notes the outcome; the exit code that it was given. `seconds`: since it was opened. */
  end(exitCode: number, seconds?: number): Promise<number>;
  /** Reports that nothing was looked at, and why; 0. */
  skip(why: string): Promise<number>;
}

/** Begins anew: what an earlier run left says nothing of this one. */
export async function openGateReports(around: Surroundings, gate: LateGate): Promise<GateReports> {
  const { name, title, service, folder, to } = gate;
  await clearGateOutcome(around.folder, name);
  for (const file of [name, `${name}.md`, `${name}.junit.xml`, `${name}.json`])
    await rm(path.join(folder, file), { recursive: true, force: true });
  const started = around.now();
  const seconds = (): number => (around.now() - started) / 1000;
  // Not a tool's own notes, which begin with a dot.
  const isOurs = (file: string): boolean =>
    file.startsWith(name) && /^[./](?!\.)/.test(file.slice(name.length));
  const keep = async (): Promise<void> => {
    const files = await listReportFiles(folder);
    await uploadReports(
      around,
      files.filter((file) => isOurs(file.name)),
      to,
    );
  };
  return {
    async end(exitCode, took = seconds()) {
      await writeGateOutcome(around.folder, name, exitCode, took);
      await keep();
      return exitCode;
    },
    async skip(why) {
      await writeSkippedGate(around.folder, name, why, seconds());
      await mkdir(folder, { recursive: true });
      await writeFile(
        path.join(folder, `${name}.junit.xml`),
        `<testsuites><testsuite name="${escapeXml(service)}" tests="1" skipped="1"><testcase name="${escapeXml(title)}" time="0">` +
          `<skipped message="${escapeXml(why)}"/></testcase></testsuite></testsuites>\n`,
      );
      await writeFile(
        path.join(folder, `${name}.md`),
        `# ${title[0]?.toUpperCase() ?? ''}${title.slice(1)}: skipped\n\nNothing was looked at: ${why}.\n`,
      );
      around.print(`${name} skipped: ${why}`);
      await keep();
      return 0;
    },
  };
}
