import { execFile } from 'node:child_process';
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

/** Of every package in FOLDER/package-lock.json, by npm itself; needs no network and nothing installed. */
export async function readLockedPackages(folder: string): Promise<Bom> {
  let stdout: string;
  try {
    ({ stdout } = await run('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--offline'], {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
    }));
  } catch (cause) {
    const { stderr, message } = cause as Error & { readonly stderr?: string };
    const said = stderr?.trim() ? stderr.trim() : message;
    throw new Error(`npm sbom failed in ${folder}: ${said}`, { cause });
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

/** With what it is about: names of `slipway:…` and their values. */
export function describedBom(bom: Bom, facts: Readonly<Record<string, string>>): Bom {
  const properties = Object.entries(facts).map(([name, value]) => ({ name: `slipway:${name}`, value }));
  return {
    ...bom,
    metadata: { ...bom.metadata, properties: [...bom.metadata.properties, ...properties] },
  };
}
