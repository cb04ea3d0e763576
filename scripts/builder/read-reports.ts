import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { coverageOf, coverageThresholds, type Coverage } from './coverage.ts';
import { parseJunit, type TestCase } from './junit.ts';

/** What a run of tests left: `unit.junit.xml` and `unit.lcov` are the report `unit`. */
export interface TestReport {
  readonly name: string;
  readonly tests: readonly TestCase[];
  readonly coverage?: Coverage;
  /** Below which the run fails. */
  readonly thresholds?: Coverage;
  /** Why its tests are not known. */
  readonly unreadable?: string;
}

/** A file below the folder of reports. */
export interface ReportFile {
  /** With `/` between names. */
  readonly name: string;
  readonly path: string;
}

/** Every file below the folder, in order; none when there is no such folder. */
export async function listReportFiles(folder: string): Promise<ReportFile[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => ({ name: path.relative(folder, file).split(path.sep).join('/'), path: file }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

const junitEnding = '.junit.xml';
const lcovEnding = '.lcov';

/** `packageJson`: that of the service, which says what its coverage has to reach. */
export async function readReports(
  files: readonly ReportFile[],
  packageJson?: unknown,
): Promise<TestReport[]> {
  const junit = files.filter(({ name }) => name.endsWith(junitEnding));
  return Promise.all(
    junit.map(async (file): Promise<TestReport> => {
      const name = file.name.slice(0, -junitEnding.length);
      const lcov = files.find((other) => other.name === `${name}${lcovEnding}`);
      const common = {
        name,
        ...(lcov === undefined ? {} : { coverage: coverageOf(await readFile(lcov.path, 'utf8')) }),
        thresholds: coverageThresholds(packageJson, name),
      };
      try {
        return { ...common, tests: parseJunit(await readFile(file.path, 'utf8')) };
      } catch (error) {
        // A runner that was killed leaves half a file.
        return { ...common, tests: [], unreadable: (error as Error).message };
      }
    }),
  );
}
