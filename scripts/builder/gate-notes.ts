import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const place = z.object({ file: z.string(), line: z.number().optional(), message: z.string() });

const notes = z.object({
  /** How to run just this gate on one's own machine. */
  hint: z.string().optional(),
  /** What a failed gate has found; files from the root of the checkout. */
  places: z.array(place).default([]),
  /** How many more it has found. */
  more: z.number().default(0),
  /** Tests that failed at first and passed when the gate ran again. */
  flaky: z.array(place.extend({ name: z.string() })).default([]),
});

/** What a gate leaves for the summary beside its outcome; none of it decides anything. */
export type GateNotes = z.infer<typeof notes>;

/** No gate's name has a dot, so this is no gate's outcome. */
const notesFile = (folder: string, gate: string): string =>
  path.join(folder, '.slipway', 'gates', `${gate}.notes.json`);

export const clearGateNotes = (folder: string, gate: string): Promise<void> =>
  rm(notesFile(folder, gate), { force: true });

/** The folder is there: `clearGateOutcome` makes it. */
export const writeGateNotes = (folder: string, gate: string, noted: GateNotes): Promise<void> =>
  writeFile(notesFile(folder, gate), JSON.stringify(noted));

/** Undefined when the gate has left none, or half of them: it was ended while it wrote. */
export async function readGateNotes(folder: string, gate: string): Promise<GateNotes | undefined> {
  try {
    // By another version of this tool, it may have another shape.
    return notes.safeParse(JSON.parse(await readFile(notesFile(folder, gate), 'utf8'))).data;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
