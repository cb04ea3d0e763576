import path from 'node:path';
import { readCommandLine, UsageError, type Command } from './command.ts';
import { checkGateName, clearGateOutcome, writeGateOutcome } from './gate-outcome.ts';
import { runProcess } from './run-process.ts';

/**
 * Runs one gate of a build. Gates run side by side with `allowFailure`, so that none hides what the others say;
 * `results` reads how they ended and fails the build.
 */
export const gate: Command = {
  name: 'gate',
  summary: 'runs a command, and notes for `results` how it ended',
  help: `builder gate NAME --folder FOLDER -- COMMAND [ARGUMENT …]

Runs the command in the folder and ends with its exit code. Notes the outcome for
\`builder results\`, which fails the build: give the step \`allowFailure: true\`.

  NAME             of the gate: lower-case letters, digits and hyphens
  --folder FOLDER  where the command runs, from the root of the checkout`,

  async run(args, around) {
    const split = args.indexOf('--');
    const [command, ...rest] = split === -1 ? [] : args.slice(split + 1);
    if (command === undefined) throw new UsageError('the command of the gate is missing: put it behind "--"');
    const { options, names } = readCommandLine(args.slice(0, split), ['folder']);
    const [name, ...more] = names;
    if (name === undefined || more.length > 0)
      throw new UsageError(`a gate has one name, not ${names.length}: ${names.join(' ')}`);
    checkGateName(name);

    await clearGateOutcome(around.folder, name);
    const started = around.now();
    const exitCode = await runProcess(command, rest, path.resolve(around.folder, options.folder));
    const seconds = (around.now() - started) / 1000;
    await writeGateOutcome(around.folder, name, exitCode, seconds);
    const said = exitCode === 127 ? `: is ${command} installed?` : '';
    around.print(
      `gate ${name} ${exitCode === 0 ? 'passed' : `failed with exit ${exitCode}`} in ${seconds.toFixed(1)} s${said}`,
    );
    return exitCode;
  },
};
