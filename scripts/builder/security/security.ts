import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import type { Command, Surroundings } from '../command.ts';
import { clearGateOutcome } from '../gate-outcome.ts';
import { linkedFolders } from '../linked-folders.ts';
import type { CheckContext } from './check.ts';
import { placeOf, type CheckedGate } from './finding.ts';
import { noteOutcome } from './note-outcome.ts';
import { checkNames, readPolicy, type CheckName } from './policy.ts';
import { junitReport } from './report-junit.ts';
import { headline, markdownReport } from './report-markdown.ts';
import { sarifReport } from './report-sarif.ts';
import { checks, runCheck } from './run-checks.ts';
import { readSecurityLine } from './security-line.ts';
import { sourceFiles, type SourceFiles } from './source-files.ts';

const width = Math.max(...checkNames.map((name) => name.length));

/** The security gates of a service. */
export const security: Command = {
  name: 'security',
  summary: 'looks for secrets, known vulnerabilities, licences and dangerous code',
  help: `builder security --folder FOLDER --policy FILE [--image IMAGE] [CHECK …]

Makes the checks that are named, or all of them:

${checkNames.map((name) => `  ${name.padEnd(width)}  ${checks[name].summary}`).join('\n')}

The packages beside the folder that its lock file links (file:../shared) are looked at with it.

Notes the outcome of each for \`builder results\`, under the name of the check, and ends with 1 when
one has failed: give the step \`allowFailure: true\`. A check that lacks something outside (the
registry's advisories, an image scanner) is skipped and says why; the policy can require it.

Writes FOLDER/reports/security.sarif, .junit.xml and .md; a single check has
reports of its own: security-audit.sarif.

  --folder FOLDER  the folder of the service, from the root of the checkout
  --policy FILE    what passes, and what is excepted until when: cloudbuild/security.yaml
  --image IMAGE    what \`image-scan\` looks at`,

  async run(args, around) {
    const line = readSecurityLine(args);
    for (const name of line.checks) await clearGateOutcome(around.folder, name);
    const folder = path.resolve(around.folder, line.folder);
    const common = {
      root: around.folder,
      policy: await readPolicy(path.resolve(around.folder, line.policy), line.policy),
      image: line.image,
      searchPath: process.env.PATH ?? '',
    };
    const contextOf = (of: string): CheckContext => {
      let sources: Promise<SourceFiles> | undefined;
      return { ...common, folder: of, sources: () => (sources ??= sourceFiles(of)) };
    };
    const linked = await linkedFolders(around.folder, line.folder);
    const context: CheckContext = {
      ...contextOf(folder),
      linked: linked.map((each) => contextOf(path.resolve(around.folder, each))),
    };
    const again = await gateCommand(around.folder, line.folder);
    const gates: CheckedGate[] = [];
    for (const name of line.checks) {
      const gate = await runCheck(name, context, around.now);
      gates.push(gate);
      await noteOutcome(around.folder, gate);
      report(gate, name, again, around);
    }
    await writeReports(
      folder,
      line.checks.length === 1 ? `security-${line.checks.join('')}` : 'security',
      gates,
      line.folder,
    );
    return gates.some(({ outcome }) => outcome.kind === 'failed') ? 1 : 0;
  },
};

function report(
  { outcome, seconds }: CheckedGate,
  name: CheckName,
  again: string,
  { print }: Pick<Surroundings, 'print'>,
): void {
  if (outcome.kind === 'skipped') {
    print(`${name} skipped: ${outcome.why}`);
    return;
  }
  for (const finding of outcome.findings) print(`${placeOf(finding)}: ${finding.message} [${finding.rule}]`);
  for (const { accepted, ...finding } of outcome.accepted)
    print(`${placeOf(finding)}: accepted until ${accepted.expires} [${finding.rule}]: ${accepted.reason}`);
  for (const note of outcome.notes) print(`${name}: ${note}`);
  const failed = outcome.kind === 'failed';
  print(
    `${name} ${headline(outcome)} in ${seconds.toFixed(1)} s (${outcome.scope})${failed ? `; on your machine: ${again} ${name}` : ''}`,
  );
}

const services = z.object({ services: z.record(z.string(), z.object({ folder: z.string() }).partial()) });

/** How to run one gate of this folder; with the service's own name where pipeline.yaml tells it. */
async function gateCommand(root: string, folder: string): Promise<string> {
  const wanted = path.normalize(folder);
  const text = await readFile(path.join(root, 'pipeline.yaml'), 'utf8').catch(() => '');
  const read = services.safeParse(text === '' ? undefined : (parseDocument(text).toJS() as unknown));
  const found = Object.entries(read.data?.services ?? {}).find(
    ([, service]) => service.folder !== undefined && path.normalize(service.folder) === wanted,
  );
  return `npm run gate -- ${found?.[0] ?? 'SERVICE'}`;
}

async function writeReports(
  folder: string,
  name: string,
  gates: readonly CheckedGate[],
  shown: string,
): Promise<void> {
  const reports = path.join(folder, 'reports');
  await mkdir(reports, { recursive: true });
  const write = (ending: string, text: string): Promise<void> =>
    writeFile(path.join(reports, `${name}.${ending}`), text);
  await Promise.all([
    write('sarif', sarifReport(gates, shown)),
    write('junit.xml', junitReport(gates)),
    write('md', markdownReport(gates, shown)),
  ]);
}
