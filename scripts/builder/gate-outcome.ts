import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from './command.ts';

/** How a gate of a build ended, as it stands in the workspace. */
export type GateOutcome =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly seconds: number | undefined }
  /** It could not judge, for want of something outside: neither passed nor failed. */
  | { readonly kind: 'skipped'; readonly why: string; readonly seconds: number | undefined }
  /** Its step never ran, did not end by itself, or left something else. */
  | { readonly kind: 'missing' };

/**
 * Where the steps leave their outcomes, below the workspace: one file a gate that holds `<exit code> <seconds>`, or
 * `skipped <seconds> <why>`. So simple because a step that is a shell script writes it too.
 */
const outcomeFile = (folder: string, gate: string): string => path.join(folder, '.slipway', 'gates', gate);

/** A gate's name as a name of a file. Throws UsageError. */
export function checkGateName(gate: string): string {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(gate))
    throw new UsageError(
      `${JSON.stringify(gate)} is no name of a gate: lower-case letters, digits and hyphens`,
    );
  return gate;
}

export function parseGateOutcome(text: string): GateOutcome {
  const [, skippedSeconds, why] = /^skipped (\d+(?:\.\d+)?) (\S.*)\s*$/.exec(text) ?? [];
  if (why !== undefined) return { kind: 'skipped', why, seconds: Number(skippedSeconds) };
  const [, exitCode, seconds] = /^(\d{1,3})(?: (\d+(?:\.\d+)?))?\s*$/.exec(text) ?? [];
  if (exitCode === undefined) return { kind: 'missing' };
  return {
    kind: 'ended',
    exitCode: Number(exitCode),
    seconds: seconds === undefined ? undefined : Number(seconds),
  };
}

export async function readGateOutcome(folder: string, gate: string): Promise<GateOutcome> {
  try {
    return parseGateOutcome(await readFile(outcomeFile(folder, gate), 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'missing' };
    throw new Error(`the outcome of the gate ${gate} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Before the gate begins: what an earlier run left is not its outcome. */
export async function clearGateOutcome(folder: string, gate: string): Promise<void> {
  await mkdir(path.dirname(outcomeFile(folder, gate)), { recursive: true });
  await rm(outcomeFile(folder, gate), { force: true });
}

export async function writeGateOutcome(
  folder: string,
  gate: string,
  exitCode: number,
  seconds: number,
): Promise<void> {
  await writeFile(outcomeFile(folder, gate), `${exitCode} ${seconds.toFixed(1)}\n`);
}

export async function writeSkippedGate(
  folder: string,
  gate: string,
  why: string,
  seconds: number,
): Promise<void> {
  await writeFile(
    outcomeFile(folder, gate),
    `skipped ${seconds.toFixed(1)} ${why.replaceAll(/\s+/g, ' ').trim()}\n`,
  );
}
