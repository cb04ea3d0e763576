import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { UserError } from './user-error.ts';

/**
 * Errors by name that are meant for people: their message says what is wrong and what to do. Those of Google's clients
 * have no name of their own, but the number of their gRPC or HTTP code.
 */
const forPeople = new Set([
  'UserError',
  'PortError',
  'StateLockedError',
  'ConfigError',
  'GoogleApiError',
  'StateFolderError',
]);

function causes(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  if (!(cause instanceof Error)) return '';
  return `\n  because: ${cause.message}${causes(cause)}`;
}

/**
 * Runs a command: exits with what `main` returns, with 2 for wrong arguments, with 1 for anything thrown. Errors that
 * people can act on are printed as their sentence, others with their stack, because somebody has to find their place.
 */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const { name, message, stack, code } = error as Error & { code?: unknown };
    process.stderr.write(
      forPeople.has(name) || typeof code === 'number'
        ? `${message}${causes(error)}\n`
        : `${stack ?? message}${causes(error)}\n`,
    );
    process.exitCode = error instanceof UserError ? error.exitCode : 1;
  }
}

/** Arguments by `node:util`, with `--help` printed and its errors as sentences. Undefined: help was asked for. */
export function parseCommand<T extends ParseArgsOptionsConfig>(
  help: string,
  options: T,
  args: readonly string[],
): ReturnType<typeof parseArgs<{ options: T; allowPositionals: true }>> | undefined {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${help.trim()}\n`);
    return undefined;
  }
  try {
    return parseArgs({ options, args: [...args], allowPositionals: true });
  } catch (cause) {
    const [sentence] = (cause as Error).message.split('. ');
    throw new UserError(`${sentence ?? 'the arguments cannot be read'}; --help lists what there is`, {
      exitCode: 2,
    });
  }
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new UserError(`--port must be a number from 0 to 65535, not ${JSON.stringify(text)}`, {
      exitCode: 2,
    });
  return port;
}
