import path from 'node:path';
import { readPipelineFile } from '../pipeline/read.ts';

/**
 * How to run just this gate on one's own machine: `npm run gate -- SERVICE GATE` for a service of the checkout's
 * pipeline.yaml; otherwise the command itself, if there is one.
 */
export async function localHint(
  root: string,
  folder: string,
  gate: string,
  command: readonly string[] = [],
): Promise<string | undefined> {
  const loaded = await readPipelineFile(root, 'local').catch(() => undefined);
  const service =
    loaded?.ok === true &&
    Object.entries(loaded.pipeline.services).find(
      ([, each]) => path.normalize(each.folder) === path.normalize(folder),
    )?.[0];
  if (typeof service === 'string') return `npm run gate -- ${service} ${gate}`;
  return command.length === 0 ? undefined : `cd ${folder} && ${command.map(quoted).join(' ')}`;
}

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
