import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseCommand, runCommand } from '../scripts/cli/command.ts';
import { compare, simulateRuns, simulateSeries, tune, type Comparison } from './verdicts/compare.ts';
import { report } from './verdicts/report.ts';
import { truths } from './verdicts/truth.ts';

const help = `
node bench/verdicts.ts [--runs N] [--seed S]

Simulates releases of which the truth is known, lets this project's verdict and two usual ones judge the same traffic,
prints the tables and writes them to bench/verdicts.md.

  --runs N   releases of each kind; three times as many without a change (default 60)
  --seed S   another seed draws other releases (default 1)
`;

/** All of it in tables; `progress` hears of each traffic that is done. */
export function benchVerdicts(runs: number, seed: number, progress: (line: string) => void): string {
  const comparisons: Comparison[] = [];
  for (const traffic of new Set(truths.map(({ requestsPerMinute }) => requestsPerMinute))) {
    const here = truths.filter(({ requestsPerMinute }) => requestsPerMinute === traffic);
    for (const same of here.filter(({ kind }) => kind === 'same')) {
      const good = simulateRuns(same, 3 * runs, seed, 'good');
      comparisons.push(compare(same, good));
      const changed = here.filter(({ kind, errorRate }) => kind !== 'same' && errorRate === same.errorRate);
      for (const kind of ['errors', 'latency'] as const) {
        const alike = changed.filter((truth) => truth.kind === kind);
        const [first] = alike;
        if (first === undefined) continue;
        const tuning = tune(first, good);
        for (const truth of alike) {
          const rehearsal = simulateSeries(truth, runs, seed, 'rehearsal');
          comparisons.push(compare(truth, simulateRuns(truth, runs, seed, 'changed'), { tuning, rehearsal }));
        }
      }
    }
    progress(`${traffic} requests a minute: done`);
  }
  return report(comparisons, runs, seed);
}

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    { runs: { type: 'string' }, seed: { type: 'string' } },
    process.argv.slice(2),
  );
  if (parsed === undefined) return 0;
  const markdown = benchVerdicts(
    Number(parsed.values.runs ?? 60),
    Number(parsed.values.seed ?? 1),
    (line) => {
      process.stderr.write(`${line}\n`);
    },
  );
  process.stdout.write(markdown);
  await writeFile(path.join(import.meta.dirname, 'verdicts.md'), markdown);
  return 0;
}

if (import.meta.main) await runCommand(main);
