import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Check } from './check.ts';
import type { Finding } from './finding.ts';
import { packageName, readLockFile } from './lock-file.ts';
import { isAllowed, licenceText, parseLicence } from './spdx.ts';

/** Whether every package may be delivered. */
export const checkLicences: Check = {
  name: 'licences',
  summary: 'every package that is delivered has an allowed licence',
  exceptions: ({ licences }) => licences.exceptions,
  async look(context) {
    const { lock, file, lineOf } = await readLockFile(context);
    const { scope, allow } = context.policy.licences;
    const delivered = Object.entries(lock.packages).filter(
      ([key, { dev, link }]) =>
        key.includes('node_modules/') && link !== true && (scope === 'all' || dev !== true),
    );
    const findings = await Promise.all(
      delivered.map(async ([key, entry]): Promise<Finding[]> => {
        // What is installed knows best; a package for another platform is in the lock file alone.
        const text =
          (await installedLicence(path.join(context.folder, key, 'package.json'))) ?? licenceText(entry);
        const expression = text === undefined ? undefined : parseLicence(text);
        if (expression && isAllowed(expression, allow)) return [];
        const name = entry.name ?? packageName(key);
        const version = entry.version ?? 'of no version';
        const says =
          text === undefined
            ? 'names no licence'
            : expression
              ? `has the licence ${text}, which is not allowed`
              : `names as its licence ${JSON.stringify(text)}, which is no SPDX expression`;
        return [
          {
            rule: `licences/${expression ? 'not-allowed' : 'unknown'}`,
            title: expression ? 'a licence that is not allowed' : 'a licence that is not known',
            message: `${name} ${version} ${says}: take another package, or allow it in the policy`,
            file,
            line: lineOf(key),
            subject: { package: name, version },
          },
        ];
      }),
    );
    return {
      kind: 'looked',
      findings: findings.flat(),
      notes: [],
      scope: `${delivered.length} packages`,
    };
  },
};

async function installedLicence(file: string): Promise<string | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof manifest === 'object' && manifest !== null ? licenceText(manifest) : undefined;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read: ${(cause as Error).message}; run \`npm ci\` again`, { cause });
  }
}
