import path from 'node:path';
import { globRegex } from './glob.ts';

/** Which files of a build context are left out. */
export interface IgnoreRules {
  /** `file` is relative to the context, with forward slashes. */
  ignores(file: string): boolean;
  /** Whether everything below an ignored folder is left out too, so that it need not be looked into. */
  prunes(folder: string): boolean;
}

interface Rule {
  readonly keeps: boolean;
  readonly segments: readonly string[];
  readonly regex: RegExp;
}

function parseRule(text: string): Rule[] {
  const line = text.trim();
  if (line === '' || text.startsWith('#')) return [];
  const keeps = line.startsWith('!');
  const glob = path.posix
    .normalize((keeps ? line.slice(1).trim() : line).replace(/^\/+/, ''))
    .replace(/\/$/, '');
  if (glob === '.' || glob === '') return [];
  return [{ keeps, segments: glob.split('/'), regex: globRegex(glob, true) }];
}

/** Whether `rule` could keep something below `folder`. */
function reachesBelow({ segments }: Rule, folder: string): boolean {
  for (const [index, name] of folder.split('/').entries()) {
    const segment = segments[index];
    if (segment === undefined || segment.includes('**')) return true;
    if (!globRegex(segment).test(name)) return false;
  }
  return true;
}

/**
 * Parses a `.dockerignore`: the last rule that matches a file or a folder above it decides, `!` keeps.
 * https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function parseDockerignore(source: string): IgnoreRules {
  const rules = source
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap(parseRule);
  const matches = ({ regex }: Rule, file: string): boolean => {
    for (let at = file; at !== '.'; at = path.posix.dirname(at)) if (regex.test(at)) return true;
    return false;
  };
  return {
    ignores: (file) => rules.findLast((rule) => matches(rule, file))?.keeps === false,
    prunes: (folder) => !rules.some((rule) => rule.keeps && reachesBelow(rule, folder)),
  };
}
