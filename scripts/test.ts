import { spawn } from 'node:child_process';
import path from 'node:path';

/*
 * `npm test`: the tests of the pipeline, then those of each service with its own runner, as its builds run them.
 * All of them run, also after a failure; the exit code says whether any failed.
 */
const root = path.resolve(import.meta.dirname, '..');

function run(title: string, folder: string, args: readonly string[]): Promise<boolean> {
  process.stdout.write(`\n=== ${title}\n`);
  return new Promise((resolve) => {
    spawn('npm', ['run', '--silent', ...args], { cwd: folder, stdio: 'inherit' }).once('close', (code) => {
      resolve(code === 0);
    });
  });
}

const suites = [
  { title: 'pipeline', folder: root, args: ['jest', '--', ...process.argv.slice(2)] },
  ...['api', 'streaming', 'web'].flatMap((service) =>
    ['test:unit', 'test:integration'].map((script) => ({
      title: `services/${service} ${script}`,
      folder: path.join(root, 'services', service),
      args: [script],
    })),
  ),
];

const failed: string[] = [];
for (const { title, folder, args } of suites) if (!(await run(title, folder, args))) failed.push(title);
process.stdout.write(
  failed.length === 0 ? `\nAll ${suites.length} suites passed.\n` : `\nFailed: ${failed.join(', ')}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
