import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/*
 * Runs at the end of `npm ci`: one install is all that a fresh checkout needs. The services are packages of their own,
 * each with its own lock file, and so is what they link (telemetry: npm makes the link, and installs nothing behind it);
 * their packages come to this machine now, so that tests and builds need no network later.
 */
const root = path.resolve(import.meta.dirname, '..');
const services = path.join(root, 'services');

for (const name of readdirSync(services)) {
  const folder = path.join(services, name);
  if (!existsSync(path.join(folder, 'package-lock.json'))) continue;
  const { status } = spawnSync(
    'npm',
    ['ci', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'],
    {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  if (status !== 0) {
    process.stderr.write(`npm ci failed in services/${name}\n`);
    process.exit(status ?? 1);
  }
}

// Hooks are for people who commit here: not for CI, not for an archive without git.
if (
  process.env.CI === undefined &&
  existsSync(path.join(root, '.git')) &&
  existsSync(path.join(root, 'node_modules', 'husky'))
) {
  execFileSync('npx', ['husky'], { cwd: root, stdio: 'inherit' });
}
