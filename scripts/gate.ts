import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { spokenError, validateBuildConfig } from '../local/build/validate-build-config.ts';
import { parseCommand, runCommand } from './cli/command.ts';
import { git } from './cli/git.ts';
import { UserError } from './cli/user-error.ts';
import { gatesBefore, gatesOf, type ConfiguredGate } from './gate/gates-of.ts';
import { runGate } from './gate/run-gate.ts';
import { formatErrors } from './pipeline/errors.ts';
import { didYouMean } from './pipeline/nearest.ts';
import type { Pipeline } from './pipeline/pipeline.ts';
import { readPipelineFile } from './pipeline/read.ts';
import { triggersOf, type BuildTrigger } from './pipeline/triggers.ts';

const help = `
npm run gate                     lists the gates of every service
npm run gate -- SERVICE          says what each gate of a service runs
npm run gate -- SERVICE GATE     runs one gate, the way the build of a branch does

The gates come from the build config that pipeline.yaml names for the service's checks. They run on the files as they
stand, with the packages that are installed ("npm ci" in the service's folder). A gate that looks at what another one
leaves (image-size: image) runs that one first.

  --environment NAME  of pipeline.yaml (default local)
  --repo PATH         the checkout with pipeline.yaml (default: here)
  --help              this text

Exit code: that of the gate; 2 for a wrong command line.
`;

async function readPipeline(root: string, environment: string): Promise<Pipeline> {
  const loaded = await readPipelineFile(root, environment);
  if (loaded.ok) return loaded.pipeline;
  throw new UserError(formatErrors(loaded.errors), { exitCode: 2 });
}

function named<T>(what: string, name: string, all: Readonly<Record<string, T>>): T {
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(all);
  throw new UserError(
    `there is no ${what} ${JSON.stringify(name)}${didYouMean(name, names)}; there are ${names.join(', ')}`,
    { exitCode: 2 },
  );
}

const checksOf = (pipeline: Pipeline, service: string): BuildTrigger =>
  named(
    'trigger',
    `${service}-checks`,
    Object.fromEntries(triggersOf(pipeline).map((trigger) => [trigger.name, trigger])),
  );

async function readGates(root: string, file: string): Promise<Record<string, ConfiguredGate>> {
  let text: string;
  try {
    text = await readFile(path.join(root, file), 'utf8');
  } catch (cause) {
    throw new UserError(`${file}, which pipeline.yaml names, cannot be read`, { cause });
  }
  const validated = validateBuildConfig(text, { file });
  if ('errors' in validated)
    throw new UserError(validated.errors.map((error) => spokenError(file, error)).join('\n'));
  return Object.fromEntries(gatesOf(validated.build).map((gate) => [gate.name, gate]));
}

function describe({ args, step }: ConfiguredGate): string {
  if (!args) return `a script in ${step.name ?? 'its image'}`;
  const command = args.indexOf('--');
  return command === -1 ? `builder ${args.join(' ')}` : args.slice(command + 1).join(' ');
}

const lines = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join('');
};

async function main(): Promise<number> {
  const parsed = parseCommand(
    help,
    { environment: { type: 'string', default: 'local' }, repo: { type: 'string', default: '.' } },
    process.argv.slice(2),
  );
  if (!parsed) return 0;
  const { values, positionals } = parsed;
  const [service, name, ...rest] = positionals;
  if (rest.length > 0)
    throw new UserError(`one gate at a time: npm run gate -- ${service ?? 'SERVICE'} ${name ?? 'GATE'}`, {
      exitCode: 2,
    });
  const root = path.resolve(values.repo);
  const pipeline = await readPipeline(root, values.environment);
  if (service === undefined) {
    const rows = Object.keys(pipeline.services).map(async (each): Promise<[string, string]> => [
      each,
      Object.keys(await readGates(root, checksOf(pipeline, each).filename)).join(' '),
    ]);
    process.stdout.write(lines(await Promise.all(rows)));
    return 0;
  }
  named('service', service, pipeline.services);
  const trigger = checksOf(pipeline, service);
  const gates = await readGates(root, trigger.filename);
  if (name === undefined) {
    process.stdout.write(lines(Object.entries(gates).map(([each, gate]) => [each, describe(gate)])));
    return 0;
  }
  const gate = named('gate', name, gates);
  const commit = (await git(root, 'rev-parse', 'HEAD').catch(() => '')).trim();
  const known = {
    ...trigger.substitutions,
    PROJECT_ID: pipeline.project,
    LOCATION: pipeline.region,
    COMMIT_SHA: commit === '' ? '0'.repeat(40) : commit,
    BUILD_ID: 'on-this-machine',
  };
  return runGate(root, gate, known, gatesBefore(gate, Object.values(gates)));
}

await runCommand(main);
