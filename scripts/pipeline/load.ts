import { LineCounter } from 'yaml';
import type { PipelineError } from './errors.ts';
import { explain } from './explain.ts';
import type { MergedService } from './merged-service.ts';
import { didYouMean } from './nearest.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Pipeline } from './pipeline.ts';
import { entriesOf, find, merge, toValue } from './placed.ts';
import type { Finding, Placed } from './placed.ts';
import { fileRules, serviceRules } from './rules.ts';
import { pipelineFile, service as serviceSchema } from './schema.ts';

export type LoadResult =
  | { readonly ok: true; readonly pipeline: Pipeline }
  | { readonly ok: false; readonly errors: readonly PipelineError[] };

export interface LoadOptions {
  /** Name of the file, for its errors. */
  readonly file: string;
  /** Name of the environment, such as `production`; `local` always exists. */
  readonly environment: string;
}

/**
 * pipeline.yaml as it holds in one environment, or everything that is wrong with it, in order of place. All
 * environments are checked, whichever is asked for: a mistake for production shows on a laptop already.
 */
export function loadPipeline(text: string, { file, environment }: LoadOptions): LoadResult {
  const lineCounter = new LineCounter();
  const fail = (findings: readonly Finding[]): LoadResult => ({
    ok: false,
    errors: inOrder(findings).map((finding) => toError(finding, file, text, lineCounter)),
  });
  const parsed = parseYaml(text, lineCounter);
  if (!parsed.ok) return fail(parsed.findings);
  const { tree } = parsed;

  const shape = checkShape(tree);
  const environments = environmentNames(tree).map((name) => ({
    name,
    ...inEnvironment(tree, name, shape.sound),
  }));
  const findings = [
    ...shape.findings,
    // A wrong shape shows again, in other words, in the services into which it is merged.
    ...environments
      .flatMap((each) => each.findings)
      .filter((finding) => !shape.findings.some(({ at }) => at === finding.at)),
    ...fileRules(tree),
    ...environments.flatMap(({ services }) => serviceRules(tree, services)),
    ...knownEnvironment(tree, environment),
  ];
  const asked = environments.find(({ name }) => name === environment);
  if (findings.length > 0 || !shape.file.success || asked === undefined) return fail(findings);

  const { environments: declared, ...data } = shape.file.data;
  const { project, region, repository, databases, functions, releaseSets, notificationChannels } = data;
  const [owner = '', name = ''] = repository.split('/');
  return {
    ok: true,
    pipeline: {
      project,
      region,
      repository: { owner, name },
      environment: { name: environment, branch: declared[environment]?.branch ?? 'main' },
      databases,
      services: Object.fromEntries(asked.services.map((service) => [service.name, service.config])),
      functions,
      releaseSets,
      notificationChannels,
    },
  };
}

/** What is wrong with the shape of the file, and the services in whose shape nothing is. */
function checkShape(tree: Placed): {
  file: ReturnType<typeof pipelineFile.safeParse>;
  sound: [string, Placed][];
  findings: Finding[];
} {
  const file = pipelineFile.safeParse(toValue(tree));
  const issues = file.error?.issues.filter(({ path }) => path[0] === 'services') ?? [];
  const broken = new Set(issues.map(({ path }) => path[1]));
  // zod looks no further than a wrong name; what stands under it may be wrong too.
  const misnamed = issues.filter(({ code, path }) => code === 'invalid_key' && path.length === 2);
  const underneath = misnamed.flatMap(({ path }) => {
    const node = find(tree, path);
    return node === undefined
      ? []
      : explain(serviceSchema.safeParse(toValue(node)).error, serviceSchema, node);
  });
  return {
    file,
    sound: entriesOf(find(tree, ['services'])).filter(([name]) => !broken.has(name)),
    findings: [...explain(file.error, pipelineFile, tree), ...underneath],
  };
}

const environmentNames = (tree: Placed): string[] => [
  ...new Set([...entriesOf(find(tree, ['environments'])).map(([name]) => name), 'local']),
];

function inEnvironment(
  tree: Placed,
  environment: string,
  services: readonly [string, Placed][],
): { services: MergedService[]; findings: Finding[] } {
  const changes = find(tree, ['environments', environment]);
  const merged = services.map(([name, base]) => {
    const service = merge(merge(base, find(changes, ['defaults'])), find(changes, ['services', name]));
    return { name, tree: service, result: serviceSchema.safeParse(toValue(service)) };
  });
  return {
    services: merged.flatMap(({ name, tree: placed, result }) =>
      result.success ? [{ name, config: result.data, tree: placed }] : [],
    ),
    findings: merged.flatMap(({ tree: placed, result }) => explain(result.error, serviceSchema, placed)),
  };
}

function knownEnvironment(tree: Placed, environment: string): Finding[] {
  const names = environmentNames(tree);
  if (tree.kind !== 'map' || names.includes(environment)) return [];
  const node = find(tree, ['environments']) ?? tree;
  const hint = didYouMean(environment, names);
  const rule = `there is no environment ${JSON.stringify(environment)}${hint}; known: ${names.join(', ')}`;
  return [{ at: node.keyAt, path: node.path, rule }];
}

/** In order of place; what several environments share is said once. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const distinct = new Map(findings.map((finding) => [`${finding.at} ${finding.rule}`, finding]));
  return [...distinct.values()].toSorted((a, b) => a.at - b.at);
}

function toError({ at, path, rule }: Finding, file: string, text: string, lines: LineCounter): PipelineError {
  const { line, col } = lines.linePos(at);
  const source = text.split(/\r?\n/)[line - 1] ?? '';
  return { file, line, column: col, path: path.join('.'), rule, source };
}
