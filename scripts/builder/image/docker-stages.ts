import path from 'node:path';
import { DockerfileError, logicalLines, type LogicalLine } from '../../../local/images/dockerfile-lines.ts';
import { splitFlags, splitWords } from '../../../local/images/parse-instruction.ts';
import { substitute } from '../../../local/images/substitute.ts';

/** An instruction as Docker reads it. Unlike the local cloud's own docker this takes every instruction that there is. */
export interface DockerInstruction {
  /** Of its first line, from 1. */
  readonly line: number;
  /** In capitals. */
  readonly keyword: string;
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** What stands behind the flags; a here-document's lines with it. */
  readonly rest: string;
}

export interface DockerStage {
  readonly line: number;
  /** Of FROM, with the defaults of global ARGs put in; empty where there is no default. */
  readonly image: string;
  readonly name?: string;
  /** The earlier stage that `image` names. */
  readonly base?: DockerStage;
  readonly instructions: readonly DockerInstruction[];
}

export interface DockerStages {
  readonly escape: string;
  readonly globals: readonly DockerInstruction[];
  readonly stages: readonly DockerStage[];
  readonly final: DockerStage;
}

/** The stages of a Dockerfile. Throws DockerfileError where it has none, or is no Dockerfile. */
export function readDockerStages(source: string, file: string): DockerStages {
  const { lines, escape } = logicalLines(source, file);
  const globals: DockerInstruction[] = [];
  const stages: (DockerStage & { readonly instructions: DockerInstruction[] })[] = [];
  for (const instruction of instructions(lines, file)) {
    if (instruction.keyword === 'FROM') {
      const [, written = '', name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(instruction.rest) ?? [];
      if (written === '')
        throw new DockerfileError(file, instruction.line, 'FROM needs "<image> [AS <stage>]"');
      const image = withDefaults(written, globals, escape, (cause) => {
        throw new DockerfileError(file, instruction.line, (cause as Error).message, { cause });
      });
      const base = stages.find((stage) => stage.name === image.toLowerCase());
      stages.push({
        line: instruction.line,
        image,
        ...(name === undefined ? {} : { name: name.toLowerCase() }),
        ...(base === undefined ? {} : { base }),
        instructions: [],
      });
    } else (stages.at(-1)?.instructions ?? globals).push(instruction);
  }
  const final = stages.at(-1);
  if (!final) throw new DockerfileError(file, 1, 'there is no FROM');
  return { escape, globals, stages, final };
}

function instructions(lines: readonly LogicalLine[], file: string): DockerInstruction[] {
  const found: DockerInstruction[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const { line, text } = lines[index] ?? { line: 1, text: '' };
    const [, word = '', behind = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
    const keyword = word.toUpperCase();
    if (!/^[A-Z]+$/.test(keyword)) throw new DockerfileError(file, line, `"${word}" is no instruction`);
    const body = [behind];
    for (const end of ['RUN', 'COPY', 'ADD'].includes(keyword) ? hereDocuments(behind) : []) {
      do {
        index += 1;
        if (index >= lines.length)
          throw new DockerfileError(file, line, `the here-document ${end} is not closed`);
        body.push(lines[index]?.text ?? '');
      } while (lines[index]?.text.trim() !== end);
      body.pop();
    }
    found.push({ line, keyword, ...splitFlags(body.join('\n')) });
  }
  return found;
}

/** The words that end the here-documents which a line begins. */
const hereDocuments = (text: string): string[] =>
  [...text.matchAll(/(?:^|\s)\d*<<-?(["']?)([A-Za-z_]\w*)\1/g)].map(([, , word = '']) => word);

function withDefaults(
  text: string,
  globals: readonly DockerInstruction[],
  escape: string,
  refuse: (cause: unknown) => never,
): string {
  const defaults = new Map(globals.flatMap(({ rest }) => pairsOf(rest, escape)));
  try {
    return substitute(text, (name) => defaults.get(name), escape);
  } catch (cause) {
    return refuse(cause);
  }
}

/** `KEY=value …` of ENV, LABEL and ARG as written, the old `KEY value` too; a name without a value has none. */
export function pairsOf(rest: string, escape: string): (readonly [string, string | undefined])[] {
  const words = splitWords(rest, escape);
  const [first = ''] = words;
  const old = /^([^\s=]+)\s+(.+)$/s.exec(rest);
  if (!first.includes('=') && old) return [[old[1] ?? '', old[2]]];
  return words.map((word) => {
    const at = word.indexOf('=');
    return at < 0 ? ([word, undefined] as const) : ([word.slice(0, at), word.slice(at + 1)] as const);
  });
}

/** The stage and the stages that it is built on, the first of them first: what they do is in the stage's image. */
export const lineage = (stage: DockerStage): DockerStage[] => [
  ...(stage.base ? lineage(stage.base) : []),
  stage,
];

/** The exec form's words, or undefined: then it is a line for a shell. */
export function execWords(rest: string): readonly string[] | undefined {
  try {
    const value: unknown = JSON.parse(rest);
    return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Of COPY and ADD; the folder in which the instruction stands decides what a relative destination is. */
export function copiedPaths(
  { rest }: DockerInstruction,
  workingDir: string,
): { sources: readonly string[]; destination: string } {
  const words =
    execWords(rest) ??
    (rest.split('\n')[0] ?? '').split(/\s+/).filter((word) => word !== '' && !word.startsWith('<<'));
  return {
    sources: words.slice(0, -1),
    destination: path.posix.resolve(workingDir, words.at(-1) ?? ''),
  };
}
