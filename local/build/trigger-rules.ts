import { buildRuleIssues, substitutionKeyIssues } from './build-rules.ts';
import type { BuildTrigger } from './build-types.ts';
import { spokenIssue } from './config-issue.ts';
import { refPattern } from './ref-pattern.ts';
import { unsupportedHere } from './unsupported.ts';

/** A trigger as a request sends it: nothing in it is sure to be there. */
export type GivenTrigger = Partial<BuildTrigger> & Readonly<Record<string, unknown>>;

const elsewhere: Readonly<Record<string, string>> = {
  triggerTemplate: 'there is no Cloud Source Repositories; use github',
  pubsubConfig: 'only pushes start triggers; use github.push',
  webhookConfig: 'only pushes start triggers; use github.push',
  repositoryEventConfig: 'there are no connections; use github',
  sourceToBuild: 'only pushes start triggers; use github.push',
  gitFileSource: 'the config is read from the commit that is built; use filename',
  autodetect: 'name the config; use filename',
  filter: 'CEL filters are not evaluated; use includedFiles and ignoredFiles',
};

/** What a trigger asks for and the local cloud has not got. */
export function unsupportedInTrigger(trigger: GivenTrigger): string[] {
  const fields = Object.entries(elsewhere)
    .filter(([field]) => trigger[field] !== undefined && trigger[field] !== '')
    .map(([field, why]) => `${field} is not part of the local cloud: ${why}`);
  if (trigger.github?.pullRequest !== undefined) {
    fields.push(
      'github.pullRequest is not part of the local cloud: only pushes start triggers; use github.push',
    );
  }
  for (const [key, value] of Object.entries(trigger.substitutions ?? {})) {
    if (value.includes('$('))
      fields.push(`substitutions.${key}: payload bindings ($(…)) are not part of the local cloud`);
  }
  return [...fields, ...(trigger.build ? unsupportedHere(trigger.build).map((each) => `build.${each}`) : [])];
}

function patternProblem(pattern: string | undefined): string[] {
  if (pattern === undefined) return [];
  try {
    refPattern(pattern);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** What is wrong with a trigger, in words; empty when nothing is. */
export function triggerProblems(trigger: GivenTrigger): string[] {
  const { github, name = '', filename, build } = trigger;
  const problems: string[] = [];
  if (!/^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?$/.test(name)) {
    problems.push(
      `name "${name}" must be 1 to 64 letters, digits and dashes, and begin and end with a letter or digit`,
    );
  }
  if ((github?.owner ?? '') === '' || (github?.name ?? '') === '')
    problems.push('github.owner and github.name must be set');
  const { branch, tag } = github?.push ?? {};
  if ((branch === undefined) === (tag === undefined))
    problems.push('github.push needs either a branch or a tag pattern');
  problems.push(...patternProblem(branch), ...patternProblem(tag));
  if ((filename === undefined || filename === '') === (build === undefined)) {
    problems.push('exactly one of filename and build must be set');
  }
  const substitutions = trigger.substitutions ?? {};
  problems.push(...substitutionKeyIssues(substitutions).map(spokenIssue));
  if (build) problems.push(...buildRuleIssues(build).map((issue) => `build.${spokenIssue(issue)}`));
  return problems;
}
