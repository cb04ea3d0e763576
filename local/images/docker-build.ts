import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { planBuild, unusedBuildArgs } from './build-plan.ts';
import { build } from './builder.ts';
import type { BuildCommand } from './docker-arguments.ts';
import { parseDockerfile } from './dockerfile.ts';
import { parseDockerignore } from './dockerignore.ts';
import type { ImageDisk, StoredImage } from './image-disk.ts';
import { parseReference, withTag } from './image-reference.ts';

export interface BuildSurroundings {
  readonly disk: ImageDisk;
  readonly cwd: string;
  readonly nodeFolder: string;
  readonly nodeVersion: string;
  readonly machineEnv: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  findImage(reference: string): Promise<StoredImage | undefined>;
  readonly write: (line: string) => void;
}

/** `name:tag` of every `--tag`; throws for what is none. */
function namesOf(tags: readonly string[]): string[] {
  return tags.map((tag) => {
    const parsed = parseReference(tag);
    if (!parsed || parsed.digest !== undefined)
      throw new Error(`--tag "${tag}" is no name for an image: <name>[:<tag>]`);
    return withTag(parsed);
  });
}

/** A Dockerfile's own rules come before those of the folder. */
function ignoreFile(context: string, file: string): string | undefined {
  return [`${file}.dockerignore`, path.join(context, '.dockerignore')].find((each) => existsSync(each));
}

/** `docker build`: parses, plans, builds, names the image. Returns it with its names. */
export async function dockerBuild(
  command: BuildCommand,
  surroundings: BuildSurroundings,
): Promise<{ image: StoredImage; names: readonly string[] }> {
  const { cwd, disk, write } = surroundings;
  const names = namesOf(command.tags);
  const root = path.resolve(cwd, command.context);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Error(`the build context ${command.context} is no folder`);
  const dockerfilePath = path.resolve(cwd, command.file ?? path.join(root, 'Dockerfile'));
  const file = path.relative(cwd, dockerfilePath);
  if (!existsSync(dockerfilePath)) throw new Error(`${file} was not found: give the Dockerfile with --file`);
  const dockerfile = parseDockerfile(readFileSync(dockerfilePath, 'utf8'), file);
  for (const name of unusedBuildArgs(dockerfile, command.buildArgs))
    write(`warning: the build argument ${name} is declared by no ARG of ${file}`);
  const rules = ignoreFile(root, dockerfilePath);
  const context = {
    root,
    filter: parseDockerignore(rules === undefined ? '' : readFileSync(rules, 'utf8')),
    shown: `the build context ${command.context}`,
  };
  const planned = await planBuild({
    dockerfile,
    target: command.target,
    buildArgs: command.buildArgs,
    context,
    nodeVersion: surroundings.nodeVersion,
    findImage: (reference) => surroundings.findImage(reference),
  });
  const labels = { ...planned.config.labels, ...command.labels };
  const image = await build(
    { ...planned, config: { ...planned.config, labels } },
    { ...surroundings, file, context },
  );
  for (const name of names) disk.setName(name, image.digest);
  if (command.idFile !== undefined) writeFileSync(path.resolve(cwd, command.idFile), image.id);
  write(
    `built ${image.digest}, ${image.sizeBytes} bytes${names.length > 0 ? `, as ${names.join(', ')}` : ''}`,
  );
  return { image, names };
}
