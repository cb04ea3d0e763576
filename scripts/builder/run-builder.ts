import { awaitTurn } from './await-turn.ts';
import { UsageError, type Command, type Surroundings } from './command.ts';
import { cache } from './cache.ts';
import { deploy } from './deploy.ts';
import { gate } from './gate.ts';
import { imageSize } from './image/image-size.ts';
import { lintDockerfile } from './image/lint-dockerfile.ts';
import { provenance } from './image/provenance.ts';
import { install } from './install.ts';
import { load } from './load.ts';
import { loadPlan } from './load-plan.ts';
import { results } from './results.ts';
import { security } from './security/security.ts';
import { smoke } from './smoke.ts';

const commands: readonly Command[] = [
  install,
  cache,
  gate,
  lintDockerfile,
  imageSize,
  security,
  results,
  provenance,
  awaitTurn,
  deploy,
  smoke,
  loadPlan,
  load,
];

const exit = { ok: 0, failed: 1, usage: 2 } as const;

const width = Math.max(...commands.map(({ name }) => name.length));
const help = `builder COMMAND …

What the build steps of Slipway run.

${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

builder COMMAND --help says more about a command.`;

/** Runs one command line; its exit code. Errors are printed, with their causes, and never thrown. */
export async function runBuilder(args: readonly string[], around: Surroundings): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--help' || name === 'help') {
    around.print(help);
    return exit.ok;
  }
  const command = commands.find((each) => each.name === name);
  if (!command) {
    around.print(
      `${name === undefined ? 'which command?' : `there is no command ${JSON.stringify(name)}`}\n\n${help}`,
    );
    return exit.usage;
  }
  const own = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : rest.length);
  if (own.includes('--help')) {
    around.print(command.help);
    return exit.ok;
  }
  try {
    return await command.run(rest, around);
  } catch (error) {
    if (error instanceof UsageError) {
      around.print(`builder ${command.name}: ${error.message}\n\n${command.help}`);
      return exit.usage;
    }
    around.print(`builder ${command.name} failed: ${reasons(error).join('\n  because ')}`);
    return exit.failed;
  }
}

/** The messages of an error and its causes; a cause that the message quotes already is not said twice. */
function reasons(error: unknown): string[] {
  const { message, cause } = Object(error) as { message?: unknown; cause?: unknown };
  if (typeof message !== 'string') return [String(error)];
  const causes = cause === undefined ? [] : reasons(cause);
  return [message, ...causes.filter((each) => !message.includes(each))];
}
