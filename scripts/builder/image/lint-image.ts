import { DockerfileError } from '../../../local/images/dockerfile-lines.ts';
import { baseImagePinned, finalBase, noLatest } from './base-image-rules.ts';
import { execForm, noCopyAll, noDevDependencies, noRemoteAdd, noSecrets, npmCi } from './content-rules.ts';
import { readDockerStages, type DockerStages } from './docker-stages.ts';
import type { DockerfileRule } from './dockerfile-rule.ts';
import { dockerignoreRule, finalUser, ociLabels } from './final-stage-rules.ts';
import type { Finding } from './finding.ts';

/** Rules about the Dockerfile; that about .dockerignore comes after them. */
const rules: readonly DockerfileRule[] = [
  baseImagePinned,
  noLatest,
  finalBase,
  finalUser,
  noRemoteAdd,
  noSecrets,
  noCopyAll,
  npmCi,
  noDevDependencies,
  ociLabels,
  execForm,
  dockerignoreRule,
];

/** What is wrong with the Dockerfile itself, before any rule. */
const syntax = { name: 'syntax', summary: 'it is a Dockerfile, and its allowances are used' } as const;

export const ruleNames = [syntax, ...rules].map(({ name, summary }) => ({ name, summary }));

export interface ImageSource {
  /** As findings name it: `services/api/Dockerfile`. */
  readonly file: string;
  readonly dockerfile: string;
  readonly ignoreFile: string;
  readonly dockerignore: string | undefined;
  readonly packageVersion: string | undefined;
}

/** Everything that is wrong with a Dockerfile, in order of place. */
export function lintImage(source: ImageSource): Finding[] {
  const { file } = source;
  let dockerfile: DockerStages;
  try {
    dockerfile = readDockerStages(source.dockerfile, file);
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    // Its message begins with the place, which a finding has anyway.
    const message = error.message.slice(`${file}:${error.line}: `.length);
    return [{ rule: syntax.name, file, line: error.line, message }];
  }
  const found = rules.flatMap((rule) =>
    rule.check({ ...source, dockerfile }).map(({ line, message }): Finding => ({
      rule: rule.name,
      file: rule === dockerignoreRule ? source.ignoreFile : file,
      line,
      message,
    })),
  );
  return applyAllowances(found, readAllowances(source.dockerfile, dockerfile), file).sort(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line,
  );
}

/** `# lint-dockerfile: allow RULE, because REASON` above an instruction. */
interface Allowance {
  readonly commentLine: number;
  /** Of the instruction below. */
  readonly line: number;
  readonly rule: string;
}

function readAllowances(source: string, { globals, stages }: DockerStages): Allowance[] {
  const instructionLines = [
    ...globals.map(({ line }) => line),
    ...stages.flatMap(({ line, instructions }) => [line, ...instructions.map((each) => each.line)]),
  ];
  return source.split('\n').flatMap((text, index): Allowance[] => {
    const said = /^\s*#\s*lint-dockerfile:\s*(.*)$/.exec(text)?.[1];
    if (said === undefined) return [];
    const rule = /^allow ([a-z-]+), because \S/.exec(said)?.[1] ?? '';
    const line = instructionLines.find((each) => each > index + 1) ?? 0;
    return [{ commentLine: index + 1, line, rule }];
  });
}

/** An allowance that is no allowance, or that nothing needs any more, is a finding itself. */
function applyAllowances(
  found: readonly Finding[],
  allowances: readonly Allowance[],
  file: string,
): Finding[] {
  const covers = (allowance: Allowance, finding: Finding): boolean =>
    finding.file === file && finding.rule === allowance.rule && finding.line === allowance.line;
  return [
    ...found.filter((finding) => !allowances.some((allowance) => covers(allowance, finding))),
    ...allowances
      .filter((allowance) => !found.some((finding) => covers(allowance, finding)))
      .map(({ commentLine, rule }): Finding => ({
        rule: syntax.name,
        file,
        line: commentLine,
        message: rules.some(({ name }) => name === rule)
          ? `nothing below needs the allowance of ${rule} any more: remove it`
          : 'this allows nothing: write "# lint-dockerfile: allow RULE, because REASON" right above the instruction',
      })),
  ];
}
