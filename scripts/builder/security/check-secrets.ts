import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { shownFile, type Check, type CheckContext } from './check.ts';
import type { Finding } from './finding.ts';
import { scanSecrets } from './scan-secrets.ts';

/** What is larger is data, not source. */
const maxBytes = 2_000_000;

/** Secrets in the source files. */
export const checkSecrets: Check = {
  name: 'secrets',
  summary: 'keys, tokens and passwords in the source files',
  exceptions: ({ secrets }) => secrets.exceptions,
  async look(context) {
    const { files, note } = await context.sources();
    const notes = note === undefined ? [] : [note];
    const findings: Finding[] = [];
    let read = 0;
    for (const name of files) {
      const content = await contentOf(path.join(context.folder, name));
      if (content === undefined || content.includes(0)) continue;
      if (content.byteLength > maxBytes) {
        notes.push(`${shownFile(context, name)} was not read: it is larger than ${maxBytes / 1e6} MB`);
        continue;
      }
      read += 1;
      findings.push(...inFile(context, name, content.toString('utf8')));
    }
    return { kind: 'looked', findings, notes, scope: `${read} files` };
  },
};

function inFile(context: CheckContext, name: string, text: string): Finding[] {
  const file = shownFile(context, name);
  return scanSecrets(text).map(({ rule, title, line, column }) => ({
    rule: `secrets/${rule}`,
    title,
    message: `${title}: withdraw it where it was issued, for it stays in the history, and read its successor from Secret Manager`,
    file,
    line,
    column,
    subject: { rule, path: file },
  }));
}

/** Undefined for what git tracks and is not there as a file: a deleted one, a submodule, a link to nowhere. */
async function contentOf(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
