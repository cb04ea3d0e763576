import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { noNames, readCommandLine, UsageError, type Command, type Surroundings } from '../command.ts';
import { clearGateNotes, writeGateNotes } from '../gate-notes.ts';
import { readGateOutcome } from '../gate-outcome.ts';
import { readImageFile } from '../image-file.ts';
import { localHint } from '../local-hint.ts';
import { readAddedFiles, type AddedFiles } from './added-files.ts';
import { readDockerStages } from './docker-stages.ts';
import { placeOf, type CheckOutcome } from './finding.ts';
import { readImageSizeLimits } from './image-size-limits.ts';
import { sizeOfInspected, sizeOfManifest, UnmeasurableError, type ImageSize } from './image-size-of.ts';
import {
  addedTable,
  combine,
  judgeAdded,
  judgeSize,
  sizeTable,
  type JudgedPart,
  type SizeBudget,
} from './judge-size.ts';
import { junitReport } from './junit-report.ts';
import { notedGate, writeReport } from './noted-gate.ts';
import { readManifest } from './registry-manifest.ts';

const name = 'image-size';

/** Where the image is looked up: what docker said of it, or the registry. */
const sources = ['inspected', 'image-file', 'image'] as const;
type Source = (typeof sources)[number];

type Skipped = Extract<CheckOutcome, { kind: 'skipped' }>;

/** The gate for how large a service's image is. */
export const imageSize: Command = {
  name,
  summary: 'compares the size of an image with its budget',
  help: `builder image-size --folder FOLDER --service SERVICE --budget FILE
                   --inspected FILE [--saved FILE] | --image-file FILE | --image IMAGE

Prints how large the image is and, with --saved, what the Dockerfile adds to its base image: every
file in the layers of its final stage. Ends with 1 when either is more than the budget allows. Writes
reports/${name}.junit.xml and .md, and notes the outcome for \`builder results\`. What cannot be counted
is skipped and says why.

  --folder FOLDER     the folder of the service, from the root of the checkout
  --service SERVICE   whose budget it is
  --budget FILE       services: { SERVICE: { maxMegabytes, maxCompressedMegabytes, maxAddedMegabytes } }
  --inspected FILE    what \`docker image inspect IMAGE\` has printed: before it is pushed, unpacked
  --saved FILE        what \`docker save --output FILE IMAGE\` has written; its Dockerfile is FOLDER/Dockerfile
  --image-file FILE   holds a pushed image by digest, …@sha256:…: compressed, layer by layer
  --image IMAGE       the same, on the command line`,

  run(args, around) {
    const source = sourceOf(args);
    const withSaved = isGiven(args, 'saved');
    if (withSaved && source !== 'inspected') throw new UsageError('--saved goes with --inspected');
    const { options, names } = readCommandLine(args, [
      'folder',
      'service',
      'budget',
      source,
      ...(withSaved ? (['saved'] as const) : []),
    ]);
    noNames({ names });
    const { folder, service, budget: file } = options;
    return notedGate(around, name, async () => {
      await clearGateNotes(around.folder, name);
      const text = await readText(path.resolve(around.folder, file), `the budget ${file}`);
      const budget = { service, file, limits: readImageSizeLimits(text, file, service) };
      const without = await noImage(source, around);
      if (without) return report(folder, budget, [{ name: whole, outcome: without }], [], around);
      const measured = await measure(source, options[source], around);
      const parts = [{ name: whole, outcome: 'kind' in measured ? measured : judgeSize(measured, budget) }];
      const tables = 'kind' in measured ? [] : [sizeTable(measured, budget.limits)];
      if (withSaved) {
        const files = await addedFiles(options.saved, folder, around);
        parts.push({ name: added, outcome: judgeAdded(files, budget) });
        tables.push(addedTable(files, budget));
      }
      return report(folder, budget, parts, tables.flat(), around);
    });
  },
};

const whole = 'the whole image';
const added = 'what the Dockerfile adds';

const isGiven = (args: readonly string[], option: string): boolean =>
  args.some((arg) => arg === `--${option}` || arg.startsWith(`--${option}=`));

function sourceOf(args: readonly string[]): Source {
  const given = sources.filter((each) => isGiven(args, each));
  const [only, ...more] = given;
  if (only !== undefined && more.length === 0) return only;
  throw new UsageError('give one of --inspected, --image-file and --image');
}

async function noImage(source: Source, around: Surroundings): Promise<Skipped | undefined> {
  if (source !== 'inspected') return undefined;
  const image = await readGateOutcome(around.folder, 'image');
  return image.kind === 'ended' && image.exitCode !== 0
    ? { kind: 'skipped', why: 'there is no image: the gate image has failed' }
    : undefined;
}

/** The image's size, or why there is none to judge. */
async function measure(source: Source, value: string, around: Surroundings): Promise<ImageSize | Skipped> {
  if (source === 'inspected') {
    const shown = `--inspected ${value}`;
    const file = path.resolve(around.folder, value);
    return sizeOfInspected(await readText(file, shown, ': docker image inspect IMAGE writes it'), shown);
  }
  const image = source === 'image' ? value : await readImageFile(path.resolve(around.folder, value));
  try {
    return sizeOfManifest(await readManifest(around.api, image), image);
  } catch (error) {
    if (error instanceof UnmeasurableError) return { kind: 'skipped', why: error.message };
    throw error;
  }
}

async function addedFiles(saved: string, folder: string, around: Surroundings): Promise<AddedFiles> {
  const dockerfile = path.posix.join(folder, 'Dockerfile');
  const stages = readDockerStages(
    await readText(path.resolve(around.folder, dockerfile), dockerfile),
    dockerfile,
  );
  try {
    return await readAddedFiles(path.resolve(around.folder, saved), stages);
  } catch (cause) {
    throw new Error(
      `--saved ${saved} cannot be read: docker save --output FILE IMAGE writes it: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function report(
  folder: string,
  { file, service }: SizeBudget,
  parts: readonly JudgedPart[],
  table: readonly string[],
  around: Surroundings,
): Promise<CheckOutcome> {
  const outcome = combine(parts);
  const said =
    outcome.kind === 'passed'
      ? [`${name} passed`]
      : outcome.kind === 'skipped'
        ? [`${name} skipped: ${outcome.why}`]
        : outcome.findings.map((finding) => `${placeOf(finding)} ${finding.rule}: ${finding.message}`);
  for (const text of [...table, ...said]) around.print(text);
  const checks = parts.map((part) => ({
    name: `${part.name}, within its budget`,
    file,
    outcome: part.outcome,
  }));
  await writeReport(around, folder, `${name}.junit.xml`, junitReport(name, checks));
  await writeReport(
    around,
    folder,
    `${name}.md`,
    [
      `# Size of the image`,
      '',
      ...(table.length === 0 ? [] : ['```', ...table, '```', '']),
      ...said,
      '',
    ].join('\n'),
  );
  if (outcome.kind === 'failed') {
    const hint =
      (await localHint(around.folder, folder, name)) ?? again(folder, service, file, parts.length > 1);
    around.print(`again on your machine, with docker: ${hint}`);
    const places = outcome.findings.map(({ message, ...at }) => ({ file: at.file, line: at.line, message }));
    await writeGateNotes(around.folder, name, { hint, places, more: 0, flaky: [] });
  }
  return outcome;
}

/** IMAGE: how it is built is for the build config to know. */
const again = (folder: string, service: string, budget: string, saved: boolean): string =>
  [
    'docker image inspect IMAGE > image.json',
    ...(saved ? ['docker save --output image.tar IMAGE'] : []),
    `node scripts/builder/main.ts image-size --folder ${folder} --service ${service} --budget ${budget} ` +
      `--inspected image.json${saved ? ' --saved image.tar' : ''}`,
  ].join(' && ');

async function readText(file: string, shown: string, hint = ''): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`${shown} cannot be read${hint}: ${(cause as Error).message}`, { cause });
  }
}
