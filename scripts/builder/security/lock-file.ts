import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { shownFile, type CheckContext } from './check.ts';

const ranges = z.record(z.string(), z.string()).optional();
const dependencies = {
  dependencies: ranges,
  devDependencies: ranges,
  optionalDependencies: ranges,
  peerDependencies: ranges,
};
export const dependencyFields = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
] as const;

const manifestSchema = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  ...dependencies,
});
export type Manifest = z.infer<typeof manifestSchema>;

const entrySchema = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  dev: z.boolean().optional(),
  devOptional: z.boolean().optional(),
  optional: z.boolean().optional(),
  inBundle: z.boolean().optional(),
  license: z.unknown().optional(),
  ...dependencies,
});
export type LockEntry = z.infer<typeof entrySchema>;

const lockSchema = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  lockfileVersion: z.number(),
  packages: z.record(z.string(), entrySchema).default({}),
});

export interface LockFile {
  readonly lock: z.infer<typeof lockSchema>;
  /** Of package.json. */
  readonly manifest: Manifest;
  /** As it is shown. */
  readonly file: string;
  /** The line on which an entry begins, by its key in `packages`. */
  lineOf(key: string): number;
}

/** package-lock.json and package.json of the folder. Throws when one is missing or cannot be read. */
export async function readLockFile(context: Pick<CheckContext, 'root' | 'folder'>): Promise<LockFile> {
  const [lock, manifest] = await Promise.all([
    readJson(context, 'package-lock.json', lockSchema),
    readJson(context, 'package.json', manifestSchema),
  ]);
  const lines = new Map(
    lock.text.split('\n').flatMap((line, index) => {
      const key = /^\s*("(?:[^"\\]|\\.)*"): \{/.exec(line)?.[1];
      return key === undefined ? [] : [[JSON.parse(key) as string, index + 1] as const];
    }),
  );
  return {
    lock: lock.value,
    manifest: manifest.value,
    file: shownFile(context, 'package-lock.json'),
    lineOf: (key) => lines.get(key) ?? 1,
  };
}

async function readJson<T>(
  context: Pick<CheckContext, 'root' | 'folder'>,
  name: string,
  schema: z.ZodType<T>,
): Promise<{ text: string; value: T }> {
  const shown = shownFile(context, name);
  try {
    const text = await readFile(path.join(context.folder, name), 'utf8');
    return { text, value: schema.parse(JSON.parse(text)) };
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new Error(`${shown} cannot be read: ${reason}; run \`npm install\` in its folder and commit it`, {
      cause,
    });
  }
}

/** `node_modules/a/node_modules/@b/c` → `@b/c`. */
export const packageName = (key: string): string =>
  key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** The places of the packages that are installed: the folder itself and what links lead to are none. */
export const packageKeys = ({ lock }: Pick<LockFile, 'lock'>): string[] =>
  Object.keys(lock.packages).filter((key) => key.includes('node_modules/'));
