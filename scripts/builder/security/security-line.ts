import { parseArgs } from 'node:util';
import { didYouMean } from '../../pipeline/nearest.ts';
import { UsageError } from '../command.ts';
import { checkNames, type CheckName } from './policy.ts';

/** The command line of `builder security`. */
export interface SecurityLine {
  readonly folder: string;
  readonly policy: string;
  readonly image: string | undefined;
  /** What is to be checked, in the order of the checks. */
  readonly checks: readonly CheckName[];
}

/** Throws UsageError. */
export function readSecurityLine(args: readonly string[]): SecurityLine {
  const { values, positionals } = parse(args);
  const one = (option: 'folder' | 'policy' | 'image'): string | undefined => {
    const [value, ...more] = values[option] ?? [];
    if (more.length > 0) throw new UsageError(`--${option} is given more than once`);
    return value === '' ? undefined : value;
  };
  const needed = (option: 'folder' | 'policy'): string => {
    const value = one(option);
    if (value === undefined) throw new UsageError(`--${option} is needed`);
    return value;
  };
  for (const name of positionals)
    if (!checkNames.some((known) => known === name))
      throw new UsageError(
        `there is no check ${JSON.stringify(name)}${didYouMean(name, checkNames)}; there are ${checkNames.join(', ')}`,
      );
  return {
    folder: needed('folder'),
    policy: needed('policy'),
    image: one('image'),
    checks: checkNames.filter((name) => positionals.length === 0 || positionals.includes(name)),
  };
}

function parse(args: readonly string[]): {
  values: { folder?: string[]; policy?: string[]; image?: string[] };
  positionals: string[];
} {
  const option = { type: 'string', multiple: true } as const;
  try {
    return parseArgs({
      args: [...args],
      options: { folder: option, policy: option, image: option },
      allowPositionals: true,
      strict: true,
    });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}
