import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseCommand, runCommand } from '../scripts/cli/command.ts';
import { table } from '../scripts/cli/style.ts';
import { stopOnSignals } from '../scripts/local-cloud.ts';
import { benchPipeline } from './pipeline.ts';
import { createRows } from './rows.ts';

const help = `
npm run bench -- [--pipeline] [--verdicts]

Measures, prints tables and writes them down: the pipeline on the local cloud (bench/results.md), and how soon and how
surely verdicts are right on simulated traffic (bench/verdicts.md). Without an option both.
Figures of this machine, in this moment: compare those of one run with one another.

  --pipeline          only the pipeline
  --verdicts          only the verdicts
`;

const root = path.resolve(import.meta.dirname, '..');

async function pipeline(): Promise<void> {
  const bench = { rows: createRows(), interrupted: stopOnSignals() };
  await benchPipeline(root, bench);
  const { rows } = bench.rows;
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;
  process.stdout.write(`${table([['what', 'figure', ''], ...rows]).join('\n')}\n`);
  const markdown = [
    '# Bench',
    '',
    `${machine}. Figures of one run: compare them with one another.`,
    '',
    '| what | figure | |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
  ];
  await writeFile(path.join(root, 'bench', 'results.md'), markdown.join('\n'));
}

/** In a process of its own: it computes for minutes, and a signal ends it. */
async function verdicts(): Promise<number> {
  const child = spawn(process.execPath, [path.join(root, 'bench', 'verdicts.ts')], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

await runCommand(async () => {
  const parsed = parseCommand(
    help,
    { pipeline: { type: 'boolean' }, verdicts: { type: 'boolean' } },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const all = parsed.values.pipeline === parsed.values.verdicts;
  if (all || parsed.values.pipeline) await pipeline();
  return all || parsed.values.verdicts ? verdicts() : 0;
});
