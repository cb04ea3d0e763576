import { parseArgs } from 'node:util';
import type { GoogleApi } from '../../functions/platform/google-api.ts';

/** What the commands of the builder have in common with the world. */
export interface Surroundings {
  readonly api: GoogleApi;
  /** The root of the checkout: `/workspace` in a build. */
  readonly folder: string;
  /** One line of the step's log. */
  print(line: string): void;
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

export interface Command {
  readonly name: string;
  /** Half a line for the list of commands. */
  readonly summary: string;
  readonly help: string;
  /** The exit code. Throws UsageError for arguments it cannot take, any other error for what went wrong. */
  run(args: readonly string[], around: Surroundings): Promise<number>;
}

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface CommandLine<Option extends string> {
  readonly options: Readonly<Record<Option, string>>;
  readonly names: readonly string[];
}

/** `--option VALUE …` and names; every option is needed, once. Throws UsageError. */
export function readCommandLine<Option extends string>(
  args: readonly string[],
  wanted: readonly Option[],
): CommandLine<Option> {
  const { values, positionals } = parse(args, wanted);
  const options = Object.fromEntries(
    wanted.map((option) => {
      const given = values[option];
      const [value, ...more] = Array.isArray(given) ? given : [];
      if (typeof value !== 'string' || value === '') throw new UsageError(`--${option} is needed`);
      if (more.length > 0) throw new UsageError(`--${option} is given more than once`);
      return [option, value];
    }),
  ) as Record<Option, string>;
  return { options, names: positionals };
}

function parse(args: readonly string[], wanted: readonly string[]): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({
      args: [...args],
      options: Object.fromEntries(wanted.map((option) => [option, { type: 'string', multiple: true }])),
      allowPositionals: true,
      strict: true,
    });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/** Refuses what stands on the command line without an option. */
export function noNames({ names }: Pick<CommandLine<string>, 'names'>): void {
  const [first] = names;
  if (first !== undefined) throw new UsageError(`${JSON.stringify(first)} is not expected here`);
}
