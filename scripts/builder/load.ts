import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readSummary, type LoadSummary } from '../k6/read-summary.ts';
import { writeJunit } from '../k6/write-junit.ts';
import { writeMarkdown } from '../k6/write-markdown.ts';
import { noNames, readCommandLine, type Command } from './command.ts';
import { openGateReports } from './gate-reports.ts';
import { crossedIn, judgeLoad } from './load/judge-load.ts';
import { readLoadPlan, takeLoadOutcome } from './load/load-plan-file.ts';
import { readStorageAddress } from './storage-address.ts';

/** Says how the load test went. A build that fails here has failed: its candidate never gets traffic. */
export const load: Command = {
  name: 'load',
  summary: 'keeps and judges what k6 has measured; fails when a threshold was crossed',
  help: `builder load --folder FOLDER --service SERVICE --to gs://BUCKET[/PREFIX]

Reads what the step of k6 has left in .slipway/load, writes and uploads the reports load.md,
load.junit.xml and load.json (the figures), names the thresholds that were crossed with what was
measured, and ends with k6's exit code: 99 for thresholds. Does nothing for a service without a
load test. The step of k6 may fail, so that the reports are kept whatever comes: this one must not.

  --folder FOLDER    the folder of the service, from the root of the checkout
  --service SERVICE  its name
  --to ADDRESS       where the reports are kept`,

  async run(args, around) {
    const line = readCommandLine(args, ['folder', 'service', 'to']);
    noNames(line);
    const { service } = line.options;
    const to = readStorageAddress('to', line.options.to);
    const plan = await readLoadPlan(around.folder);
    if (!plan) {
      around.print(`${service} has no load test`);
      return 0;
    }
    const folder = path.resolve(around.folder, line.options.folder, 'reports');
    const gate = { name: 'load', title: 'load test', service, folder, to };
    const reports = await openGateReports(around, gate);
    const outcome = await takeLoadOutcome(around.folder);
    const { summary, trouble: unreadable } = readFigures(outcome.summary);
    const { exitCode, reasons } = judgeLoad(outcome.exitCode, summary?.cases, unreadable);
    const earlier = crossedIn(readFigures(outcome.firstSummary).summary?.cases ?? []);

    const { script, revision, url, profile } = plan;
    await mkdir(folder, { recursive: true });
    const write = (ending: string, text: string): Promise<void> =>
      writeFile(path.join(folder, `load.${ending}`), text);
    await write(
      'md',
      writeMarkdown(
        { script, target: `${revision} at ${url}`, passed: exitCode === 0, reasons, earlier },
        summary,
      ),
    );
    await write('junit.xml', writeJunit(script, summary?.cases ?? [], outcome.seconds, reasons));
    if (outcome.summary !== undefined) await write('json', outcome.summary);

    const ended = await reports.end(exitCode, outcome.seconds);
    for (const reason of earlier) around.print(`at the first try: ${reason}`);
    if (exitCode === 0) {
      around.print(
        `load passed${earlier.length === 0 ? '' : ' at the second try'}: ${summary?.cases.filter(({ suite }) => suite === 'thresholds').length ?? 0} thresholds hold`,
      );
      return ended;
    }
    for (const reason of reasons) around.print(`load failed: ${reason}`);
    around.print(
      `this build fails, and ${revision} gets no traffic. The same here: PROFILE=${profile} BASE_URL=${url} npm run load -- ${script}`,
    );
    return ended;
  },
};

function readFigures(text: string | undefined): {
  summary: LoadSummary | undefined;
  trouble: string | undefined;
} {
  if (text === undefined) return { summary: undefined, trouble: undefined };
  try {
    return { summary: readSummary(text), trouble: undefined };
  } catch (error) {
    return { summary: undefined, trouble: (error as Error).message };
  }
}
