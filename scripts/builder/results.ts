import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { browserOrigin } from '../../functions/platform/cloud-storage.ts';
import { readCloudConfig } from '../../functions/platform/config.ts';
import { readCommandLine, UsageError, type Command } from './command.ts';
import { checkGateName, readGateOutcome } from './gate-outcome.ts';
import { readGateNotes } from './gate-notes.ts';
import { localHint } from './local-hint.ts';
import { listReportFiles, readReports } from './read-reports.ts';
import { readStorageAddress } from './storage-address.ts';
import { summaryMarkdown } from './summary-markdown.ts';
import { describeFailure, describePassed, flakyTests, hasFailed, summarise, type Gate } from './summary.ts';
import { uploadReports } from './upload-reports.ts';

/** What the gates of a build have come to. */
export const results: Command = {
  name: 'results',
  summary: 'keeps and sums up what the gates left; fails when one of them has failed',
  help: `builder results --folder FOLDER --to gs://BUCKET[/PREFIX] GATE …

Prints a summary of the gates and of the tests in FOLDER/reports/*.junit.xml, writes the same as
a page to FOLDER/reports/summary.md, uploads everything in FOLDER/reports whatever the outcome,
and ends with 1 when a gate has failed. A gate that left no result has
failed; one that was skipped has neither passed nor failed. Cloud Build's own \`artifacts\` are
uploaded only when a build succeeds; test reports are needed most when it does not.

  --folder FOLDER  the folder of the service, from the root of the checkout
  --to ADDRESS     where the reports are kept
  GATE             each gate that has to have passed, by the name it has in \`builder gate\``,

  async run(args, around) {
    const { options, names } = readCommandLine(args, ['folder', 'to']);
    if (names.length === 0) throw new UsageError('name the gates that have to have passed');
    const to = readStorageAddress('to', options.to);
    const gates = await Promise.all(names.map((name) => readGate(around.folder, options.folder, name)));
    const folder = path.resolve(around.folder, options.folder);
    const files = (await listReportFiles(path.join(folder, 'reports'))).filter(({ name }) => name !== page);
    const reports = await readReports(files, await packageJsonIn(folder));
    const summary = { folder: options.folder, gates, reports, files: files.map(({ name }) => name) };
    const file = { name: page, path: path.join(folder, 'reports', page) };
    await mkdir(path.dirname(file.path), { recursive: true });
    await writeFile(file.path, summaryMarkdown(summary, around.folder));
    await uploadReports(around, [...files, file], to);
    const origin = browserOrigin(readCloudConfig().cloudApiEndpoint);
    around.print(`as a page: ${[origin, to.bucket, to.prefix, page].filter(Boolean).join('/')}`);
    around.print('');

    for (const line of summarise(gates, reports, around.folder)) around.print(line);
    const failed = gates.filter(hasFailed);
    around.print('');
    if (failed.length === 0) {
      around.print(describePassed(gates, flakyTests(gates, reports, around.folder)));
      return 0;
    }
    around.print(`failed: ${failed.map(describeFailure).join(', ')}. The log of each gate's step says more.`);
    return 1;
  },
};

/** The page with all of it, beside the other reports. */
const page = 'summary.md';

async function readGate(root: string, folder: string, name: string): Promise<Gate> {
  const outcome = await readGateOutcome(root, checkGateName(name));
  const notes = await readGateNotes(root, name);
  if (notes?.hint !== undefined || !hasFailed({ name, outcome }))
    return { name, outcome, ...(notes ? { notes } : {}) };
  // A script, a check of the builder itself, or one that was killed: none of them says how to run it again.
  const hint = await localHint(root, folder, name);
  return {
    name,
    outcome,
    notes: { places: [], more: 0, flaky: [], ...notes, ...(hint === undefined ? {} : { hint }) },
  };
}

/** Undefined for a service without one, or with one that is not JSON: then it says nothing of coverage. */
async function packageJsonIn(folder: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
