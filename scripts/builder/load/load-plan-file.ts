import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** What `load-plan` tells the two steps behind it: k6, which has a shell and no Node, and `load`. */
const planSchema = z.strictObject({
  /** From the root of the checkout. */
  script: z.string(),
  revision: z.string(),
  /** Of its tag. */
  url: z.string(),
  profile: z.string(),
});
export type LoadPlan = z.output<typeof planSchema>;

/** What k6 finds in its environment. */
export interface LoadEnvironment {
  readonly BASE_URL: string;
  readonly LOAD_SCRIPT: string;
  readonly PROFILE: string;
  readonly TOKEN: string | undefined;
}

const loadFolder = (folder: string): string => path.join(folder, '.slipway', 'load');
const inside = (folder: string, name: string): string => path.join(loadFolder(folder), name);

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Begins anew: without a plan nothing is tested. */
export const clearLoadPlan = (folder: string): Promise<void> =>
  rm(loadFolder(folder), { recursive: true, force: true });

/** Writes the plan, and the environment as a file for `.` of a shell. */
export async function writeLoadPlan(
  folder: string,
  plan: LoadPlan,
  environment: LoadEnvironment,
): Promise<void> {
  await mkdir(loadFolder(folder), { recursive: true });
  // The image of k6 runs as a user of its own, which may read what the other steps have written, and write nothing:
  // https://github.com/grafana/k6/blob/master/Dockerfile
  await chmod(loadFolder(folder), 0o777);
  await writeFile(inside(folder, 'plan.json'), JSON.stringify(plan));
  const lines = Object.entries(environment).flatMap(([name, value]: [string, string | undefined]) =>
    value === undefined ? [] : [`${name}=${quoted(value)}\n`],
  );
  await writeFile(inside(folder, 'env'), lines.join(''));
}

/** Undefined: there is nothing to test. */
export async function readLoadPlan(folder: string): Promise<LoadPlan | undefined> {
  const text = await readIfThere(inside(folder, 'plan.json'));
  return text === undefined ? undefined : planSchema.parse(JSON.parse(text));
}

/** How k6 ended. */
export interface LoadOutcome {
  /** Undefined: it did not end by itself. */
  readonly exitCode: number | undefined;
  readonly seconds: number;
  /** The file of `--summary-export`; undefined when it left none. */
  readonly summary: string | undefined;
  /** That of a first try that crossed a threshold, when there was a second one. */
  readonly firstSummary: string | undefined;
}

/** What the step of k6 has left. The token goes: it has done its work. */
export async function takeLoadOutcome(folder: string): Promise<LoadOutcome> {
  await rm(inside(folder, 'env'), { force: true });
  const noted = await readIfThere(inside(folder, 'exit-code'));
  const [, exitCode, seconds, tries] = /^(\d{1,3}) (\d+) ([12])\s*$/.exec(noted ?? '') ?? [];
  const [first, second] = await Promise.all([
    readIfThere(inside(folder, 'summary-1.json')),
    readIfThere(inside(folder, 'summary-2.json')),
  ]);
  return {
    exitCode: exitCode === undefined ? undefined : Number(exitCode),
    seconds: Number(seconds ?? 0),
    summary: tries === '2' ? second : first,
    firstSummary: tries === '2' ? first : undefined,
  };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
