import path from 'node:path';
import process from 'node:process';
import { runProcess } from '../builder/run-process.ts';
import { chooseRunner, k6Version } from './choose-runner.ts';

/*
 * What `bin/k6` starts: k6 where it is on the PATH besides this and new enough, else Slipway's own runner, with the same
 * arguments. Says which, unless --quiet.
 */
const own = path.join(import.meta.dirname, 'bin');
process.env.PATH = (process.env.PATH ?? '')
  .split(path.delimiter)
  .filter((folder) => path.resolve(folder) !== own)
  .join(path.delimiter);

const args = process.argv.slice(2);
const runner = chooseRunner(k6Version);
if (!args.some((arg) => arg === '-q' || arg === '--quiet')) process.stdout.write(`${runner.why}\n`);
if (runner.name === 'k6') process.exitCode = await runProcess(runner.command, args, process.cwd());
else await import('./run.ts');
