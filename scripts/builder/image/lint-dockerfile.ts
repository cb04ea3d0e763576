import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { noNames, readCommandLine, type Command } from '../command.ts';
import { placeOf } from './finding.ts';
import { junitReport } from './junit-report.ts';
import { lintImage, ruleNames } from './lint-image.ts';
import { notedGate, writeReport } from './noted-gate.ts';

const name = 'lint-dockerfile';
const width = Math.max(...ruleNames.map((rule) => rule.name.length));

/** The gate for how a service's image is made. */
export const lintDockerfile: Command = {
  name,
  summary: 'checks the Dockerfile and .dockerignore of a service',
  help: `builder lint-dockerfile --folder FOLDER

Checks FOLDER/Dockerfile and FOLDER/.dockerignore, writes reports/${name}.junit.xml, notes the
outcome for \`builder results\`, and ends with 1 when something was found:

${ruleNames.map((rule) => `  ${rule.name.padEnd(width)}  ${rule.summary}`).join('\n')}

One place may break a rule for a reason; the comment stands right above the instruction:
  # lint-dockerfile: allow final-base, because …

  --folder FOLDER  the folder of the service, from the root of the checkout`,

  run(args, around) {
    const line = readCommandLine(args, ['folder']);
    noNames(line);
    return notedGate(around, name, async () => {
      const shown = line.options.folder.replace(/\/+$/, '');
      const folder = path.resolve(around.folder, shown);
      const dockerfile = await readIfThere(path.join(folder, 'Dockerfile'));
      if (dockerfile === undefined)
        throw new Error(`${shown} has no Dockerfile: write one, or correct the folder`);
      const file = path.posix.join(shown, 'Dockerfile');
      // BuildKit prefers the one that is named after the Dockerfile.
      const own = await readIfThere(path.join(folder, 'Dockerfile.dockerignore'));
      const ignoreFile = path.posix.join(
        shown,
        own === undefined ? '.dockerignore' : 'Dockerfile.dockerignore',
      );
      const dockerignore = own ?? (await readIfThere(path.join(folder, '.dockerignore')));
      const packageVersion = versionOf(await readIfThere(path.join(folder, 'package.json')));
      const findings = lintImage({ file, dockerfile, ignoreFile, dockerignore, packageVersion });

      const checks = ruleNames.map((rule) => {
        const own = findings.filter((finding) => finding.rule === rule.name);
        const outcome =
          own.length === 0 ? ({ kind: 'passed' } as const) : ({ kind: 'failed', findings: own } as const);
        return { name: rule.name, file: rule.name === 'dockerignore' ? ignoreFile : file, outcome };
      });
      await writeReport(around, shown, `${name}.junit.xml`, junitReport(name, checks));
      for (const finding of findings) around.print(`${placeOf(finding)} ${finding.rule}: ${finding.message}`);
      around.print(
        findings.length === 0
          ? `${file} keeps all ${ruleNames.length} rules`
          : `${findings.length} found. Again here: npm run gate -- ${path.posix.basename(shown)} ${name}`,
      );
      return findings.length === 0 ? { kind: 'passed' } : { kind: 'failed', findings };
    });
  },
};

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function versionOf(packageJson: string | undefined): string | undefined {
  if (packageJson === undefined) return undefined;
  try {
    const { version } = Object(JSON.parse(packageJson)) as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch (cause) {
    throw new Error(`package.json cannot be read: ${(cause as Error).message}`, { cause });
  }
}
