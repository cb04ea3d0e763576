import path from 'node:path';
import type { Check } from './check.ts';
import type { Finding } from './finding.ts';
import {
  dependencyFields,
  packageKeys,
  packageName,
  readLockFile,
  type LockEntry,
  type LockFile,
} from './lock-file.ts';

/** Whether what is installed is what was meant: every package from a known registry, with a checksum. */
export const checkLockfile: Check = {
  name: 'lockfile',
  summary: 'every package has a checksum and comes from a known registry; package.json agrees',
  exceptions: ({ lockfile }) => lockfile.exceptions,
  async look(context) {
    const read = await readLockFile(context);
    // A package beside it with a lock file of its own is judged by that.
    const linked = new Set((context.linked ?? []).map(({ folder }) => path.relative(context.folder, folder)));
    const findings = judgeLockFile(read, context.policy.lockfile.registries, linked);
    return { kind: 'looked', findings, notes: [], scope: `${packageKeys(read).length} packages` };
  },
};

/** `linked`: the folders that may be linked, as the lock file names them. */
export function judgeLockFile(
  read: LockFile,
  registries: readonly string[],
  linked: ReadonlySet<string> = new Set(),
): Finding[] {
  const { lock, file, lineOf } = read;
  const finding = (rule: string, title: string, key: string, message: string): Finding => {
    const name = key === '' ? (lock.name ?? '') : packageName(key);
    return {
      rule: `lockfile/${rule}`,
      title,
      message,
      file,
      line: lineOf(key),
      subject: { rule, package: name },
    };
  };
  if (lock.lockfileVersion !== 3)
    return [
      finding(
        'version',
        'the lock file has an old form',
        '',
        `lockfileVersion is ${lock.lockfileVersion}, not 3: run \`npm install --lockfile-version 3\``,
      ),
    ];
  const entries = Object.entries(lock.packages).filter(([key]) => key.includes('node_modules/'));
  const used = new Map<string, string>();
  const found = entries.flatMap(([key, entry]) => {
    const name = packageName(key);
    if (entry.link === true && linked.has(entry.resolved ?? '')) return [];
    const source = sourceOf(entry);
    const at = `${name}${entry.version === undefined ? '' : ` ${entry.version}`}`;
    if (source === 'folder' || source === 'git' || source === 'other')
      return [
        finding(
          'source',
          'a package that comes from no registry',
          key,
          `${at} comes from ${shownAddress(entry.resolved)}, not from a registry: publish it, or make an exception`,
        ),
      ];
    const problems: Finding[] = [];
    const host = source === 'none' ? undefined : new URL(source).origin;
    if (host !== undefined && !used.has(host)) used.set(host, key);
    if (host !== undefined && !registries.some((registry) => isBelow(source, registry)))
      problems.push(
        finding(
          'registry',
          'a package from an unknown registry',
          key,
          `${at} comes from ${host}; allowed: ${registries.join(', ')}`,
        ),
      );
    // A bundled package is inside the archive of another, whose checksum covers it.
    if (entry.inBundle !== true && !/(?:^|\s)sha512-[A-Za-z0-9+/]{86}==(?:\s|$)/.test(entry.integrity ?? ''))
      problems.push(
        finding(
          'integrity',
          'a package without a strong checksum',
          key,
          `${at} has ${entry.integrity === undefined ? 'no checksum' : 'no sha512 checksum'}: remove it from the lock file and run \`npm install\``,
        ),
      );
    return problems;
  });
  const [, second] = [...used];
  const mixed = second
    ? [
        finding(
          'mixed-registries',
          'packages from several registries',
          second[1],
          `packages come from ${[...used.keys()].join(' and ')}: one registry only, or one name may mean two packages`,
        ),
      ]
    : [];
  return [...found, ...mixed, ...disagreements(read, finding)];
}

const isBelow = (address: string, registry: string): boolean =>
  address.startsWith(registry.endsWith('/') ? registry : `${registry}/`);

/** The address of an archive at a registry, or what else it is; `none` when npm was told to leave it out. */
function sourceOf({ resolved, link }: LockEntry): string {
  if (link === true || resolved?.startsWith('file:') === true) return 'folder';
  if (resolved === undefined) return 'none';
  if (/^git[+:]/.test(resolved)) return 'git';
  return URL.canParse(resolved) && /^https?:$/.test(new URL(resolved).protocol) ? resolved : 'other';
}

/** Without what may be a credential. */
function shownAddress(resolved = 'somewhere'): string {
  return resolved.replace(/\/\/[^/@]*@/, '//').replace(/[?#].*$/, '');
}

function disagreements(
  { lock, manifest }: LockFile,
  finding: (rule: string, title: string, key: string, message: string) => Finding,
): Finding[] {
  const root: Partial<LockEntry> = lock.packages[''] ?? {};
  return dependencyFields.flatMap((field) => {
    const [wanted, locked] = [manifest[field] ?? {}, root[field] ?? {}];
    const names = [...new Set([...Object.keys(wanted), ...Object.keys(locked)])].sort();
    return names
      .filter((name) => wanted[name] !== locked[name])
      .map((name) => ({
        ...finding(
          'disagrees',
          'package.json and the lock file disagree',
          '',
          `${field}.${name} is ${wanted[name] ?? 'absent'} in package.json and ${locked[name] ?? 'absent'} in the lock file: run \`npm install\` and commit both`,
        ),
        subject: { rule: 'disagrees', package: name },
      }));
  });
}
