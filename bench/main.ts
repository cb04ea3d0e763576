import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { parseCommand, runCommand } from '../scripts/cli/command.ts';
import { table } from '../scripts/cli/style.ts';
import { stopOnSignals } from '../scripts/local-cloud.ts';
import { benchBuilds, buildNotes } from './builds.ts';
import { benchPipeline } from './pipeline.ts';
import { writeSection, type Section } from './results-file.ts';
import { createRows } from './rows.ts';
import { benchTelemetry, telemetryNotes } from './telemetry.ts';
import type { Bench } from './with-pipeline.ts';

const help = `
npm run bench -- [--pipeline] [--builds] [--telemetry] [--verdicts] [--quick]

Measures, prints tables and writes them down, each part in its own place: the pipeline and its builds on the local cloud,
and what telemetry costs a service (bench/results.md), and how soon and how surely verdicts are right on simulated
traffic (bench/verdicts.md).
Without one of them all. What is measured is what is committed. Figures of this machine, in this moment: compare those
of one part with one another.

  --pipeline          only the functions and releases
  --builds            only the builds: cold, cached, of one service
  --telemetry         only a service with telemetry off and on, side by side (needs Linux)
  --verdicts          only the verdicts
  --quick             all but the verdicts: each once, to see whether all of it runs; writes nothing down
`;

const root = path.resolve(import.meta.dirname, '..');

interface Part {
  readonly section: Section;
  readonly notes: readonly string[];
  readonly measure: (root: string, bench: Bench) => Promise<void>;
}

const parts = {
  pipeline: { section: 'Pipeline', notes: [], measure: benchPipeline },
  builds: { section: 'Builds', notes: buildNotes, measure: benchBuilds },
  telemetry: { section: 'Telemetry', notes: telemetryNotes, measure: benchTelemetry },
} as const satisfies Record<string, Part>;

async function run(
  { section, notes, measure }: Part,
  interrupted: AbortSignal,
  quick: boolean,
): Promise<void> {
  const rows = createRows();
  await measure(root, { rows, interrupted, rounds: (wanted) => (quick ? 1 : wanted) });
  process.stdout.write(`${table([['what', 'figure', ''], ...rows.rows]).join('\n')}\n`);
  if (!quick) await writeSection(root, section, rows, notes);
}

/** In a process of its own: it computes for minutes, and a signal ends it. */
async function verdicts(interrupted: AbortSignal): Promise<number> {
  interrupted.throwIfAborted();
  const child = spawn(process.execPath, [path.join(root, 'bench', 'verdicts.ts')], { stdio: 'inherit' });
  interrupted.addEventListener('abort', () => child.kill());
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

await runCommand(async () => {
  const flag = { type: 'boolean', default: false } as const;
  const parsed = parseCommand(
    help,
    { pipeline: flag, builds: flag, telemetry: flag, verdicts: flag, quick: flag },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { quick, ...chosen } = parsed.values;
  const all = !Object.values(chosen).some(Boolean);
  const interrupted = stopOnSignals();
  for (const [name, part] of Object.entries(parts) as [keyof typeof parts, Part][])
    if (all || chosen[name]) await run(part, interrupted, quick);
  return all || chosen.verdicts ? verdicts(interrupted) : 0;
});
