import type protobuf from 'protobufjs';
import { buildRuleIssues } from './build-rules.ts';
import type { BuildConfig } from './build-types.ts';
import { spokenIssue, type ConfigIssue } from './config-issue.ts';
import { readShape } from './config-shape.ts';
import { readConfigText, type Position } from './config-text.ts';
import { buildTypeName, cloudBuildDescriptors } from './descriptors.ts';
import { substituteBuild } from './substitute-build.ts';

export interface ConfigError extends Position {
  readonly message: string;
}

export type ValidatedConfig = { readonly build: BuildConfig } | { readonly errors: readonly ConfigError[] };

export interface ValidateOptions {
  /** The file's name, for the errors: `cloudbuild.yaml`. */
  readonly file: string;
  /**
   * A triggered build (the default) has ALLOW_LOOSE and dynamic substitutions whatever the file says; the keys of any
   * other must match what the file defines.
   */
  readonly triggered?: boolean;
  /** Those of `cloudBuildDescriptors()`, for a caller that has them already. */
  readonly descriptors?: protobuf.Root;
}

/** `cloudbuild.yaml:3:5: steps[0].args: must be a list …`. */
export const spokenError = (file: string, { line, column, message }: ConfigError): string =>
  `${file}:${line}:${column}: ${message}`;

/** What a trigger puts on every build it starts; the file cannot change it. */
export const triggeredOptions = { substitutionOption: 'ALLOW_LOOSE', dynamicSubstitutions: true } as const;

/**
 * Reads a build config (YAML or JSON) and checks it as Cloud Build does: fields against the proto, then every rule.
 * Either the build in proto3 JSON form, substitutions not yet made, or all errors in the order of the file.
 */
export function validateBuildConfig(text: string, options: ValidateOptions): ValidatedConfig {
  const read = readConfigText(text);
  const { value, syntaxErrors } = read;
  if (syntaxErrors.length > 0) return { errors: syntaxErrors };
  const errors = (issues: readonly ConfigIssue[]): ValidatedConfig => ({
    errors: issues
      .map((issue) => ({ ...read.positionOf(issue.path), message: spokenIssue(issue) }))
      .sort((a, b) => a.line - b.line || a.column - b.column),
  });
  if (value === null || value === undefined)
    return errors([{ path: [], message: `${options.file} is empty` }]);
  const root = options.descriptors ?? cloudBuildDescriptors();
  const shape = readShape(root.lookupType(buildTypeName), value);
  if (shape.issues.length > 0) return errors(shape.issues);
  const build = shape.value as BuildConfig;
  const issues = buildRuleIssues(build);
  if (issues.length > 0) return errors(issues);
  const loose = options.triggered ?? true;
  const asBuilt = loose ? { ...build, options: { ...build.options, ...triggeredOptions } } : build;
  const substituted = substituteBuild(asBuilt, {}).issues;
  return substituted.length > 0 ? errors(substituted) : { build };
}
