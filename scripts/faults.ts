import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { failureText } from '../test/faults/failure-text.ts';
import type { Figures } from '../test/faults/figures.ts';
import { parseReplay, shortestReplay } from '../test/faults/shortest-replay.ts';
import { simulate } from '../test/faults/simulate.ts';
import { summarise, summaryLine, summaryTable } from '../test/faults/summary.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { UserError } from './cli/user-error.ts';

const help = `
npm run faults -- [--seeds N] [--from SEED] [options]
npm run faults -- --seed SEED [--replay PARTS] [options]

Runs the pipeline's functions in simulated clouds, a cloud for each seed: time is virtual, calls fail, processes die,
messages are lost and repeated, people interfere; what must always hold is checked all the while. A seed always runs the
same way. What fails is run again with ever fewer faults and actions, until the shortest replay is found.

  --seeds N           how many seeds (default 100)
  --from SEED         the first of them (default 1)
  --seed SEED         only this one
  --replay PARTS      only these actions and faults of it, as a failure names them
  --services N        services in each cloud (default 3)
  --releases N        pushes to them, at the least (default 15)
  --trace             with --seed: print all that happens
  --write             write the figures into docs/faults.md

Exit codes: 0 every invariant held, 1 one did not, 2 wrong usage.
`;

const page = path.resolve(import.meta.dirname, '..', 'docs', 'faults.md');
const [begin, end] = ['<!-- figures -->', '<!-- /figures -->'];
const traceLines = { none: 1, all: 10_000_000 } as const;

function whole(text: string | undefined, otherwise: number, name: string): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new UserError(`--${name} must be a whole number, not ${JSON.stringify(text)}`, { exitCode: 2 });
  return value;
}

async function writeFigures(table: string): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [before, after] = [text.indexOf(begin), text.indexOf(end)];
  if (before === -1 || after === -1)
    throw new UserError(`${page} has no place for the figures: ${begin} … ${end}`);
  await writeFile(page, `${text.slice(0, before)}${begin}\n\n${table}\n\n${text.slice(after)}`);
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const parsed = parseCommand(
    help,
    {
      seeds: text,
      from: text,
      seed: text,
      replay: text,
      services: text,
      releases: text,
      trace: flag,
      write: flag,
    },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { values } = parsed;
  const size = {
    services: whole(values.services, 3, 'services'),
    releases: whole(values.releases, 15, 'releases'),
  };
  const first = whole(values.seed ?? values.from, 1, values.seed === undefined ? 'from' : 'seed');
  const count = values.seed === undefined ? whole(values.seeds, 100, 'seeds') : 1;
  const only = values.replay === undefined ? undefined : parseReplay(values.replay);
  if (values.replay !== undefined && (!only || values.seed === undefined))
    throw new UserError('--replay takes the parts that a failure names, together with its --seed', {
      exitCode: 2,
    });

  const started = performance.now();
  const figures: Figures[] = [];
  let failed = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const options = {
      seed,
      ...size,
      ...(only ? { only } : {}),
      traceLines: values.trace ? traceLines.all : traceLines.none,
    };
    const result = await simulate(options);
    figures.push(result.figures);
    if (values.trace) process.stdout.write(`${result.trace.join('\n')}\n`);
    if (result.violation) {
      failed += 1;
      process.stdout.write(`${failureText(result, size, await shortestReplay(options, result))}\n\n`);
    }
    if (process.stderr.isTTY) {
      const seconds = (performance.now() - started) / 1000;
      process.stderr.write(
        `\r\u001b[K${summaryLine(summarise(figures, failed, seconds)).slice(0, process.stderr.columns - 1)}`,
      );
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const summary = summarise(figures, failed, (performance.now() - started) / 1000);
  if (values.write) await writeFigures(summaryTable(summary));
  process.stdout.write(`${summaryLine(summary)}\n`);
  return failed === 0 ? 0 : 1;
}

await runCommand(main);
