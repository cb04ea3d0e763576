import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import type { Surroundings } from './command.ts';
import type { ReportFile } from './read-reports.ts';
import type { StorageAddress } from './storage-address.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.xml': 'application/xml',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.png': 'image/png',
  '.webm': 'video/webm',
  '.zip': 'application/zip',
};

/** Reports are worth less than the build: what cannot be uploaded is said, and no more. */
export async function uploadReports(
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
