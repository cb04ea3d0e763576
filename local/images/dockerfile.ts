import { DockerfileError, logicalLines } from './dockerfile-lines.ts';
import type { Instruction, InstructionOf } from './instruction.ts';
import { parseInstruction, splitFlags, type Fail } from './parse-instruction.ts';

export interface Stage {
  readonly index: number;
  readonly from: InstructionOf<'FROM'>;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** As errors name it. */
  readonly file: string;
  /** The escape character of its variables and words. */
  readonly escape: string;
  /** ARG before the first FROM. */
  readonly globals: readonly InstructionOf<'ARG'>[];
  readonly stages: readonly Stage[];
}

/** Parses a Dockerfile; `file` is its name in errors. Throws DockerfileError for what it does not support. */
export function parseDockerfile(source: string, file: string): Dockerfile {
  const { lines, escape } = logicalLines(source, file);
  const globals: InstructionOf<'ARG'>[] = [];
  const stages: { index: number; from: InstructionOf<'FROM'>; instructions: Instruction[] }[] = [];
  for (const { line, text } of lines) {
    const fail: Fail = (message) => {
      throw new DockerfileError(file, line, message);
    };
    const [, word = '', behind = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
    const kind = word.toUpperCase();
    // Options of HEALTHCHECK are recorded as they stand.
    const { flags, rest } =
      kind === 'HEALTHCHECK' ? { flags: new Map<string, string[]>(), rest: behind } : splitFlags(behind);
    const instruction = parseInstruction({ line, text, kind, rest, flags, fail }, escape);
    const stage = stages.at(-1);
    if (instruction.kind === 'FROM') {
      const { name } = instruction;
      if (name !== undefined && stages.some(({ from }) => from.name === name))
        fail(`the stage "${name}" is defined twice`);
      stages.push({ index: stages.length, from: instruction, instructions: [] });
    } else if (stage) {
      stage.instructions.push(instruction);
    } else if (instruction.kind === 'ARG') {
      globals.push(instruction);
    } else {
      fail(`${instruction.kind} stands before the first FROM; only ARG may`);
    }
  }
  if (stages.length === 0) throw new DockerfileError(file, 1, 'there is no FROM');
  return { file, escape, globals, stages };
}
