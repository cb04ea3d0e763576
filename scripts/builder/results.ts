import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { readCommandLine, UsageError, type Command, type Surroundings } from './command.ts';
import { checkGateName, readGateOutcome } from './gate-outcome.ts';
import { listReportFiles, readReports, type ReportFile } from './read-reports.ts';
import { readStorageAddress, type StorageAddress } from './storage-address.ts';
import { describeFailure, describePassed, hasFailed, summarise, type Gate } from './summary.ts';

/** What the gates of a build have come to. */
export const results: Command = {
  name: 'results',
  summary: 'keeps and sums up what the gates left; fails when one of them has failed',
  help: `builder results --folder FOLDER --to gs://BUCKET[/PREFIX] GATE …

Uploads everything in FOLDER/reports, prints a summary of the gates and of the tests in
reports/*.junit.xml, and ends with 1 when a gate has failed. A gate that left no result has
failed; one that was skipped has neither passed nor failed. Cloud Build's own \`artifacts\` are
uploaded only when a build succeeds; test reports are needed most when it does not.

  --folder FOLDER  the folder of the service, from the root of the checkout
  --to ADDRESS     where the reports are kept
  GATE             each gate that has to have passed, by the name it has in \`builder gate\``,

  async run(args, around) {
    const { options, names } = readCommandLine(args, ['folder', 'to']);
    if (names.length === 0) throw new UsageError('name the gates that have to have passed');
    const to = readStorageAddress('to', options.to);
    const gates = await Promise.all(
      names.map(async (name): Promise<Gate> => ({
        name,
        outcome: await readGateOutcome(around.folder, checkGateName(name)),
      })),
    );
    const files = await listReportFiles(path.resolve(around.folder, options.folder, 'reports'));
    const reports = await readReports(files);
    await upload(around, files, to);

    for (const line of summarise(gates, reports, around.folder)) around.print(line);
    const failed = gates.filter(hasFailed);
    around.print('');
    if (failed.length === 0) {
      around.print(describePassed(gates));
      return 0;
    }
    around.print(`failed: ${failed.map(describeFailure).join(', ')}. The log of each gate's step says more.`);
    return 1;
  },
};

const contentTypes: Readonly<Record<string, string>> = {
  '.xml': 'application/xml',
  '.json': 'application/json',
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.png': 'image/png',
};

/** Reports are worth less than the build: what cannot be uploaded is said, and no more. */
async function upload(
  around: Surroundings,
  files: readonly ReportFile[],
  { bucket: name, prefix }: StorageAddress,
): Promise<void> {
  if (files.length === 0) return;
  const bucket = openBucket(around.api, name);
  const place = ['gs://' + name, prefix].filter((part) => part !== '').join('/');
  const outcomes = await Promise.allSettled(
    files.map(async (file) => {
      const object = prefix === '' ? file.name : `${prefix}/${file.name}`;
      const contentType = contentTypes[path.extname(file.name)] ?? 'text/plain; charset=utf-8';
      await bucket.write(object, Uint8Array.from(await readFile(file.path)), contentType);
    }),
  );
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  around.print(`${files.length - refused.length} of ${files.length} reports are in ${place}`);
  const [first] = refused;
  if (first) around.print(`${refused.length} could not be uploaded: ${(first.reason as Error).message}`);
  around.print('');
}
