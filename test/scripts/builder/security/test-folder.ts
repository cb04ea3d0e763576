import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parsePolicy } from '../../../../scripts/builder/security/policy.ts';
import type { CheckContext } from '../../../../scripts/builder/security/check.ts';
import { sourceFiles } from '../../../../scripts/builder/security/source-files.ts';
import { drawn } from './made-up-secrets.ts';

const slipway = path.resolve(import.meta.dirname, '../../../..');
export const integrity = `sha512-${drawn(86, 'base64')}==`;

/** A checkout with the package `shop` in services/shop, for one test. */
export interface TestFolder {
  readonly root: string;
  write(name: string, content: string | object): void;
  /** Makes a repository of it, with everything tracked that is not ignored. */
  track(): void;
  /** Gives the service a compiler. */
  installTypescript(): void;
  context(policy?: string, changes?: Partial<CheckContext>): CheckContext;
  remove(): void;
}

export function testFolder(): TestFolder {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'slipway-security-')));
  const folder = path.join(root, 'services/shop');
  const write = (name: string, content: string | object): void => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(
      path.join(root, name),
      typeof content === 'string' ? content : JSON.stringify(content, null, 2),
    );
  };
  const git = (...args: readonly string[]): void => {
    execFileSync('git', ['-C', root, ...args], { stdio: 'ignore' });
  };
  const own = { name: 'shop', version: '1.0.0', dependencies: { left: '^1.0.0' } };
  write('services/shop/package.json', own);
  write('services/shop/package-lock.json', {
    name: 'shop',
    version: '1.0.0',
    lockfileVersion: 3,
    packages: {
      '': own,
      'node_modules/left': { version: '1.2.0', integrity, license: 'MIT' },
      'node_modules/tool': { version: '2.0.0', integrity, dev: true, license: 'GPL-3.0-only' },
    },
  });
  return {
    root,
    write,
    track: () => {
      git('init', '--quiet');
      git('add', '--all');
    },
    installTypescript: () => {
      mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
      symlinkSync(
        path.join(slipway, 'node_modules/typescript'),
        path.join(folder, 'node_modules/typescript'),
      );
    },
    context: (policy = '', changes = {}) => ({
      root,
      folder,
      policy: parsePolicy(policy, 'security.yaml'),
      image: undefined,
      searchPath: '',
      sources: () => sourceFiles(folder),
      ...changes,
    }),
    remove: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
