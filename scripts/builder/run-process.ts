import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import process from 'node:process';

/** What a shell says of a command that it does not find. */
const commandNotFound = 127;

const passedOn = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Runs a command with this process's own input and output, and passes on the signals that would end it. The exit code as
 * a shell has it: 127 when there is no such command, 128 and the number of the signal that ended it.
 */
export function runProcess(command: string, args: readonly string[], cwd: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: 'inherit' });
    const passOn = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    const done = (): void => {
      for (const signal of passedOn) process.off(signal, passOn);
    };
    for (const signal of passedOn) process.on(signal, passOn);
    child.once('error', (cause: NodeJS.ErrnoException) => {
      done();
      // Node reports a folder that does not exist as if the command did not.
      if (cause.code === 'ENOENT' && existsSync(cwd)) resolve(commandNotFound);
      else reject(new Error(`${command} could not be started in ${cwd}: ${cause.message}`, { cause }));
    });
    child.once('exit', (code, signal) => {
      done();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
