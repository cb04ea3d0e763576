import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseCommand, runCommand } from '../cli/command.ts';
import { UserError } from '../cli/user-error.ts';
import { runProcess } from '../builder/run-process.ts';
import { chooseRunner } from './choose-runner.ts';
import { readSummary } from './read-summary.ts';
import { writeJunit } from './write-junit.ts';

const help = `
node scripts/k6/smoke.ts SCRIPT [options]

Runs a load test with k6, or where that is not installed with Slipway's own runner of a subset of it. The script sees
the environment: BASE_URL=http://127.0.0.1:8080 node scripts/k6/smoke.ts test/k6/api.ts

  --reports FOLDER   where NAME.k6.json (the figures) and NAME.k6.junit.xml go (default reports)
  --name NAME        of the reports (default: of the script)
  --help             this text

Exit codes as k6: 99 says that a threshold failed.
`;

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    { reports: { type: 'string', default: 'reports' }, name: { type: 'string' } },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const [script, ...more] = parsed.positionals;
  if (script === undefined || more.length > 0)
    throw new UserError('one script is needed; --help lists the options', { exitCode: 2 });
  const name = parsed.values.name ?? path.basename(script).replace(/\.[jt]s$/, '');
  const reports = path.resolve(parsed.values.reports);
  const files = {
    json: path.join(reports, `${name}.k6.json`),
    junit: path.join(reports, `${name}.k6.junit.xml`),
  };
  await mkdir(reports, { recursive: true });
  // What an earlier run left is not the outcome of this one.
  await Promise.all(Object.values(files).map((file) => rm(file, { force: true })));

  const runner = chooseRunner();
  process.stdout.write(`${runner.why}\n`);
  const began = performance.now();
  const exitCode = await runProcess(
    runner.command,
    [...runner.args, '--summary-export', files.json, script],
    process.cwd(),
  );
  const seconds = (performance.now() - began) / 1000;
  const summary = await readFile(files.json, 'utf8').catch((cause: unknown) => {
    // Neither writes one when the script could not be run, which both have said by then.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' && exitCode !== 0) return undefined;
    throw new Error(`${runner.name} left no summary at ${files.json}`, { cause });
  });
  if (summary !== undefined)
    await writeFile(files.junit, writeJunit(script, readSummary(summary).cases, seconds));
  return exitCode;
}

await runCommand(main);
