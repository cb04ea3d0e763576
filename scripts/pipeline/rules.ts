import { findCycles } from './cycles.ts';
import type { MergedService } from './merged-service.ts';
import { declared, didYouMean } from './nearest.ts';
import { entriesOf, find, findingAt, nameOf } from './placed.ts';
import type { Finding, Placed } from './placed.ts';
import { databaseSocket, parseReferences, referencedServices } from './references.ts';
import { approvedSteps, releaseSetMembers } from './release-rules.ts';

// Rules that need more than one key to judge. They may meet a file of which other parts are wrong.

/** Rules of the file as it is written. */
export function fileRules(tree: Placed): Finding[] {
  return [
    ...distinctFolders(tree),
    ...contextsAbove(tree),
    ...knownServices(tree),
    ...socketPaths(tree),
    ...releaseSetMembers(tree),
  ];
}

/** Rules of the services as they are in one environment. */
export function serviceRules(tree: Placed, services: readonly MergedService[]): Finding[] {
  const names = entriesOf(find(tree, ['services'])).map(([name]) => name);
  const databases = entriesOf(find(tree, ['databases'])).map(([name]) => name);
  return [
    ...services.flatMap((service) => [
      ...sharedNames(service),
      ...knownDatabase(service, databases),
      ...knownReferences(service, names, databases),
      ...approvedSteps(service),
    ]),
    ...circularReferences(services),
  ];
}

function distinctFolders(tree: Placed): Finding[] {
  const owners = new Map<unknown, string>();
  return entriesOf(find(tree, ['services'])).flatMap(([name, service]) => {
    const folder = find(service, ['folder']);
    if (folder?.kind !== 'scalar') return [];
    const owner = owners.get(folder.value);
    if (owner === undefined) owners.set(folder.value, name);
    return owner === undefined
      ? []
      : [findingAt(folder, `is the folder of ${owner} already; every service needs a folder of its own`)];
  });
}

/** A Dockerfile can only copy what is in its context. */
function contextsAbove(tree: Placed): Finding[] {
  return entriesOf(find(tree, ['services'])).flatMap(([, service]) => {
    const [folder, context] = ['folder', 'context'].map((key) => find(service, [key]));
    if (folder?.kind !== 'scalar' || context?.kind !== 'scalar') return [];
    if (`${String(folder.value)}/`.startsWith(`${String(context.value)}/`)) return [];
    return [findingAt(context, `is not above the folder of the service, ${String(folder.value)}`)];
  });
}

function knownServices(tree: Placed): Finding[] {
  const names = entriesOf(find(tree, ['services'])).map(([name]) => name);
  return entriesOf(find(tree, ['environments'])).flatMap(([, environment]) =>
    entriesOf(find(environment, ['services']))
      .filter(([name]) => !names.includes(name))
      .map(([name, { keyAt, path }]) => ({
        at: keyAt,
        path,
        rule: `${nameOf(path)} changes a service that is not declared${didYouMean(name, names)}${declared(names)}`,
      })),
  );
}

/** Longest path of a Unix socket on Linux: https://man7.org/linux/man-pages/man7/unix.7.html */
const maxSocketPathLength = 107;

function socketPaths(tree: Placed): Finding[] {
  const [project, region] = ['project', 'region'].map((key) => find(tree, [key]));
  if (project?.kind !== 'scalar' || region?.kind !== 'scalar') return [];
  const place = { project: String(project.value), region: String(region.value) };
  return entriesOf(find(tree, ['databases'])).flatMap(([name, { keyAt, path }]) => {
    const { length } = `${databaseSocket(place, name)}/.s.PGSQL.5432`;
    if (length <= maxSocketPathLength) return [];
    const rule = `${nameOf(path)} has too long a name: the path of its socket would have ${length} characters, and Linux takes ${maxSocketPathLength}`;
    return [{ at: keyAt, path, rule }];
  });
}

function sharedNames({ config, tree }: MergedService): Finding[] {
  return entriesOf(find(tree, ['secrets']))
    .filter(([name]) => Object.hasOwn(config.env, name))
    .map(([name, { keyAt, path }]) => ({
      at: keyAt,
      path,
      rule: `${nameOf(path)} gives ${name} a second value: it stands under env too; keep one of them`,
    }));
}

function knownDatabase({ config, tree }: MergedService, databases: readonly string[]): Finding[] {
  const node = find(tree, ['database']);
  if (node === undefined || config.database === undefined || databases.includes(config.database)) return [];
  const hint = didYouMean(config.database, databases);
  return [
    findingAt(
      node,
      `is ${JSON.stringify(config.database)}, which is not declared${hint}${declared(databases)}`,
    ),
  ];
}

function knownReferences(
  { name, config, tree }: MergedService,
  services: readonly string[],
  databases: readonly string[],
): Finding[] {
  const known = [
    ...['project', 'region', 'commit'],
    ...services.map((service) => `services.${service}.url`),
    ...databases.map((database) => `databases.${database}.socket`),
  ].map((reference) => `\${${reference}}`);
  return entriesOf(find(tree, ['env'])).flatMap(([variable, node]) =>
    parseReferences(config.env[variable] ?? '').flatMap((part) => {
      if (part.kind === 'text') return [];
      const { written } = part;
      if (!known.includes(written)) {
        const hint = didYouMean(written, known);
        return [
          findingAt(node, `holds ${written}, which is no known reference${hint}; known: ${known.join(', ')}`),
        ];
      }
      if (part.kind === 'unknown' || part.reference.kind !== 'database-socket') return [];
      const { database } = part.reference;
      if (database === config.database) return [];
      const rule = `needs the socket of ${database}, which only a service with "database: ${database}" has; add that to services.${name}`;
      return [findingAt(node, rule)];
    }),
  );
}

function circularReferences(services: readonly MergedService[]): Finding[] {
  const edges = new Map(services.map(({ name, config }) => [name, referencedServices(config.env)]));
  return findCycles(edges).flatMap((cycle) => {
    const [first, next] = cycle;
    const service = services.find(({ name }) => name === first);
    const variable = entriesOf(find(service?.tree, ['env'])).find(([key]) =>
      referencedServices({ key: service?.config.env[key] ?? '' }).includes(next ?? ''),
    );
    if (variable === undefined) return [];
    return [
      findingAt(
        variable[1],
        `closes a circle of addresses, ${cycle.join(' → ')}; a service gets its address when it is first deployed, so that none of these could be deployed first`,
      ),
    ];
  });
}
