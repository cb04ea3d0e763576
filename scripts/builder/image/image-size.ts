import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { noNames, readCommandLine, UsageError, type Command, type Surroundings } from '../command.ts';
import { readGateOutcome } from '../gate-outcome.ts';
import { readImageFile } from '../image-file.ts';
import { placeOf, type CheckOutcome } from './finding.ts';
import { readImageSizeLimits, type ImageSizeLimits } from './image-size-limits.ts';
import { sizeOfInspected, sizeOfManifest, UnmeasurableError, type ImageSize } from './image-size-of.ts';
import { judgeSize, sizeTable } from './judge-size.ts';
import { junitReport } from './junit-report.ts';
import { notedGate, writeReport } from './noted-gate.ts';
import { readManifest } from './registry-manifest.ts';

const name = 'image-size';

/** Where the image is looked up: what docker said of it, or the registry. */
const sources = ['inspected', 'image-file', 'image'] as const;
type Source = (typeof sources)[number];

/** The gate for how large a service's image is. */
export const imageSize: Command = {
  name,
  summary: 'compares the size of an image with its budget',
  help: `builder image-size --folder FOLDER --service SERVICE --budget FILE
                   --inspected FILE | --image-file FILE | --image IMAGE

Prints how large the image is, and ends with 1 when that is more than the budget allows. Writes
reports/${name}.junit.xml and .md, and notes the outcome for \`builder results\`. Where a part of the
image cannot be counted, the check is skipped and says why.

  --folder FOLDER     the folder of the service, from the root of the checkout
  --service SERVICE   whose budget it is
  --budget FILE       services: { SERVICE: { maxMegabytes, maxCompressedMegabytes } }
  --inspected FILE    what \`docker image inspect IMAGE\` has printed: before it is pushed, unpacked
  --image-file FILE   holds a pushed image by digest, …@sha256:…: compressed, layer by layer
  --image IMAGE       the same, on the command line`,

  run(args, around) {
    const source = sourceOf(args);
    const line = readCommandLine(args, ['folder', 'service', 'budget', source]);
    noNames(line);
    const { folder, service, budget } = line.options;
    return notedGate(around, name, async () => {
      const limits = readImageSizeLimits(
        await readText(path.resolve(around.folder, budget), `the budget ${budget}`),
        budget,
        service,
      );
      const measured = await measure(source, line.options[source], around);
      const judged = 'kind' in measured ? measured : judgeSize(measured, limits, service, budget);
      await report(folder, judged, 'kind' in measured ? undefined : measured, limits, { ...around, budget });
      if (judged.kind === 'failed')
        around.print(
          'Again here: docker build, docker image inspect IMAGE > image.json, and node scripts/builder/main.ts image-size ' +
            `--folder ${folder} --service ${service} --budget ${budget} --inspected image.json`,
        );
      return judged;
    });
  },
};

function sourceOf(args: readonly string[]): Source {
  const given = sources.filter((each) =>
    args.some((arg) => arg === `--${each}` || arg.startsWith(`--${each}=`)),
  );
  const [only, ...more] = given;
  if (only !== undefined && more.length === 0) return only;
  throw new UsageError('give one of --inspected, --image-file and --image');
}

/** The image's size, or why there is none to judge. */
async function measure(
  source: Source,
  value: string,
  around: Surroundings,
): Promise<ImageSize | Extract<CheckOutcome, { kind: 'skipped' }>> {
  if (source === 'inspected') {
    const image = await readGateOutcome(around.folder, 'image');
    if (image.kind === 'ended' && image.exitCode !== 0)
      return { kind: 'skipped', why: 'there is no image: the gate image has failed' };
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

async function report(
  folder: string,
  outcome: CheckOutcome,
  size: ImageSize | undefined,
  limits: ImageSizeLimits,
  around: Surroundings & { readonly budget: string },
): Promise<void> {
  const table = size ? sizeTable(size, limits) : [];
  const said =
    outcome.kind === 'passed'
      ? [`${name} passed`]
      : outcome.kind === 'skipped'
        ? [`${name} skipped: ${outcome.why}`]
        : outcome.findings.map((finding) => `${placeOf(finding)} ${finding.rule}: ${finding.message}`);
  for (const text of [...table, ...said]) around.print(text);
  const check = { name: 'within its budget', file: around.budget, outcome };
  await writeReport(around, folder, `${name}.junit.xml`, junitReport(name, [check]));
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
}

async function readText(file: string, shown: string, hint = ''): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`${shown} cannot be read${hint}: ${(cause as Error).message}`, { cause });
  }
}
