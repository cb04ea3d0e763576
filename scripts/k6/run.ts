import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { exitCode, notSupported, TestError } from './exit-code.ts';
import { notice } from './notice.ts';
import { runTest, type FinishedTest } from './run-test.ts';
import { summaryExport } from './summary-data.ts';
import { summaryText } from './summary-text.ts';

const help = `node scripts/k6/run.ts [run] SCRIPT [options]

${notice}
Runs a load test for where k6 is not installed. What it does not know is an error that names it.

  -e, --env NAME=VALUE     the script sees it in __ENV, as it sees the environment; a secret belongs into the latter,
                           because everybody on the machine can read arguments
  --summary-export FILE    the figures as JSON, in the form of k6's option of that name
  -q, --quiet              no line at the start
  --help                   this text

Exit codes as k6: 0, 99 a threshold failed, 100/101 setup/teardown took too long, 104 the options or arguments are
wrong or not supported, 105 interrupted, 107 the script failed.`;

interface Arguments {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  readonly summaryFile: string | undefined;
  readonly quiet: boolean;
}

/** Undefined: help was asked for. Throws TestError (104). */
function readArguments(args: readonly string[]): Arguments | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        env: { type: 'string', multiple: true, short: 'e', default: [] },
        'summary-export': { type: 'string' },
        quiet: { type: 'boolean', short: 'q', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return undefined;
    const [script, ...more] = positionals[0] === 'run' ? positionals.slice(1) : positionals;
    if (script === undefined || more.length > 0)
      throw new TestError(exitCode.invalidConfig, 'one script is needed; --help lists what there is');
    const env = values.env.map((pair) => {
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(pair) ?? [];
      if (name === undefined || value === undefined)
        throw new TestError(exitCode.invalidConfig, '--env must have the form NAME=VALUE');
      return [name, value] as const;
    });
    return {
      script,
      env: Object.fromEntries(env),
      summaryFile: values['summary-export'],
      quiet: values.quiet,
    };
  } catch (cause) {
    if (cause instanceof TestError) throw cause;
    const [sentence = ''] = (cause as Error).message.split('. ');
    throw notSupported(`the command line (${sentence})`, { cause });
  }
}

async function report(
  { result, load, interruptedIterations, ownSummary }: FinishedTest,
  file: string | undefined,
): Promise<void> {
  if (file !== undefined) await writeTo(file, `${JSON.stringify(summaryExport(result), null, 2)}\n`);
  if (ownSummary === undefined) {
    process.stdout.write(summaryText(result, load, interruptedIterations));
    return;
  }
  process.stdout.write(`${notice}\n`);
  for (const [where, text] of Object.entries(ownSummary))
    if (where === 'stdout') process.stdout.write(text);
    else if (where === 'stderr') process.stderr.write(text);
    else await writeTo(where, text);
}

async function writeTo(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.resolve(file)), { recursive: true });
  await writeFile(file, text);
}

async function main(): Promise<number> {
  const read = readArguments(process.argv.slice(2));
  if (!read) {
    process.stdout.write(`${help}\n`);
    return exitCode.ok;
  }
  const interrupted = new AbortController();
  const stop = (): void => {
    interrupted.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
  if (!read.quiet) process.stdout.write(`running ${read.script}\n\n`);
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const finished = await runTest({
    script: read.script,
    env: { ...Object.fromEntries(inherited), ...read.env },
    log: (line) => process.stderr.write(`${line}\n`),
    interrupted: interrupted.signal,
  });
  await report(finished, read.summaryFile);
  if (finished.exitCode === exitCode.thresholdsFailed)
    process.stderr.write('error: thresholds have failed\n');
  return finished.exitCode;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TestError)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
