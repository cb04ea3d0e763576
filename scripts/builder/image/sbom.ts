import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);

const property = z.object({ name: z.string(), value: z.string() });

/** As much of CycloneDX as is worked on here; the rest is handed on as it came. */
const bomSchema = z.looseObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.string(),
  metadata: z.looseObject({
    component: z.looseObject({ 'bom-ref': z.string(), name: z.string() }),
    properties: z.array(property).default([]),
  }),
  components: z.array(z.looseObject({ 'bom-ref': z.string(), properties: z.array(property).default([]) })),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()).default([]) })),
});

/** A software bill of materials. https://cyclonedx.org/docs/1.5/json/ */
export type Bom = z.infer<typeof bomSchema>;

/**
 * Of every package in FOLDER/package-lock.json, by npm itself; needs no network and nothing installed. `linked` are
 * folders with lock files of their own: npm takes a link to such a package for a mistake, so they are left out, and
 * their own lists join this one.
 */
export async function readLockedPackages(folder: string, linked: readonly string[] = []): Promise<Bom> {
  if (linked.length === 0) return listPackages(folder, folder);
  const copy = await mkdtemp(path.join(tmpdir(), 'slipway-sbom-'));
  try {
    await writeWithoutLinks(folder, copy, new Set(linked.map((each) => path.relative(folder, each))));
    return await listPackages(copy, folder);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

const lockSchema = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({ link: z.boolean().optional(), resolved: z.string().optional() }),
  ),
});
const dependencyMaps = z.looseObject({
  dependencies: z.record(z.string(), z.string()).optional(),
  devDependencies: z.record(z.string(), z.string()).optional(),
});

async function writeWithoutLinks(from: string, to: string, linked: ReadonlySet<string>): Promise<void> {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(path.join(from, name), 'utf8')) as unknown;
  const lock = lockSchema.parse(await read('package-lock.json'));
  const manifest = dependencyMaps.parse(await read('package.json'));
  const links = Object.entries(lock.packages).flatMap(([key, { link, resolved = '' }]) =>
    link === true && linked.has(resolved) ? [key] : [],
  );
  const names = new Set(
    links.map((key) => key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length)),
  );
  const without = (of: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(of).filter(([name]) => !names.has(name)));
  const cut = <T extends z.infer<typeof dependencyMaps>>(of: T): T => ({
    ...of,
    dependencies: without(of.dependencies),
    devDependencies: without(of.devDependencies),
  });
  const packages = Object.fromEntries(
    Object.entries(lock.packages)
      .filter(([key]) => !links.includes(key) && !linked.has(key))
      .map(([key, entry]) => [key, key === '' ? cut(dependencyMaps.parse(entry)) : entry]),
  );
  await writeFile(path.join(to, 'package.json'), JSON.stringify(cut(manifest)));
  await writeFile(path.join(to, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
}

async function listPackages(folder: string, shown: string): Promise<Bom> {
  let stdout: string;
  try {
    ({ stdout } = await run('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--offline'], {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
    }));
  } catch (cause) {
    const { stderr, message } = cause as Error & { readonly stderr?: string };
    const said = stderr?.trim() ? stderr.trim() : message;
    throw new Error(`npm sbom failed in ${shown}: ${said}`, { cause });
  }
  const read = bomSchema.safeParse(JSON.parse(stdout));
  if (read.success) return read.data;
  throw new Error(`npm sbom printed no CycloneDX as it is known here: ${read.error.message}`, {
    cause: read.error,
  });
}

/** How npm marks what only development dependencies need. */
const developmentMark = 'cdx:npm:package:development';

/**
 * Without what only development needs. `npm sbom --omit=dev` is of no use for that: it also drops each package that a
 * development dependency depends on, so that `pg` is missing where there is `@types/pg`.
 */
export function withoutDevelopment(bom: Bom): Bom {
  const components = bom.components.filter(
    ({ properties }) => !properties.some(({ name, value }) => name === developmentMark && value === 'true'),
  );
  const kept = new Set([bom.metadata.component['bom-ref'], ...components.map((each) => each['bom-ref'])]);
  return {
    ...bom,
    components,
    dependencies: bom.dependencies
      .filter(({ ref }) => kept.has(ref))
      .map((each) => ({ ...each, dependsOn: each.dependsOn.filter((ref) => kept.has(ref)) })),
  };
}

/** The first, with the packages that it links, and what they need, as its own. */
export function joinedBom([own, ...linked]: readonly Bom[]): Bom {
  if (!own) throw new Error('there is no list of packages to join');
  const root = own.metadata.component['bom-ref'];
  const added = linked.map(({ metadata }) => ({ properties: [], ...metadata.component }));
  const components = new Map(
    [...own.components, ...added, ...linked.flatMap((each) => each.components)].map((each) => [
      each['bom-ref'],
      each,
    ]),
  );
  const needs = new Map<string, (typeof own.dependencies)[number]>();
  const edge = { ref: root, dependsOn: added.map((each) => each['bom-ref']) };
  for (const each of [...own.dependencies, edge, ...linked.flatMap((one) => one.dependencies)]) {
    const known = needs.get(each.ref)?.dependsOn ?? [];
    needs.set(each.ref, { ...each, dependsOn: [...new Set([...known, ...each.dependsOn])] });
  }
  return { ...own, components: [...components.values()], dependencies: [...needs.values()] };
}

/** With what it is about: names of `slipway:…` and their values. */
export function describedBom(bom: Bom, facts: Readonly<Record<string, string>>): Bom {
  const properties = Object.entries(facts).map(([name, value]) => ({ name: `slipway:${name}`, value }));
  return {
    ...bom,
    metadata: { ...bom.metadata, properties: [...bom.metadata.properties, ...properties] },
  };
}
