import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import process from 'node:process';

/** What a shell says of a command that it does not find. */
export const commandNotFound = 127;

const passedOn = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** How long the output of a command that has ended may still come: what it left running may hold it open for ever. */
const drainMs = 2000;

/**
 * Runs a command with this process's own input and output, and passes on the signals that would end it. The exit code as
 * a shell has it: 127 when there is no such command, 128 and the number of the signal that ended it.
 * `hear` gets all that it prints, which is shown all the same.
 */
export function runProcess(
  command: string,
  args: readonly string[],
  cwd: string,
  hear?: (chunk: Buffer) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const output = hear ? 'pipe' : 'inherit';
    const child = spawn(command, args, {
      cwd,
      stdio: ['inherit', output, output],
      // A terminal behind a pipe is still a terminal.
      ...(hear && process.stdout.isTTY ? { env: { FORCE_COLOR: '1', ...process.env } } : {}),
    });
    const passOn = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    const done = (): void => {
      for (const signal of passedOn) process.off(signal, passOn);
    };
    for (const signal of passedOn) process.on(signal, passOn);
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const) {
      from?.pipe(to, { end: false });
      from?.on('data', (chunk: Buffer) => hear?.(chunk));
    }
    child.once('error', (cause: NodeJS.ErrnoException) => {
      done();
      // Node reports a folder that does not exist as if the command did not.
      if (cause.code === 'ENOENT' && existsSync(cwd)) resolve(commandNotFound);
      else reject(new Error(`${command} could not be started in ${cwd}: ${cause.message}`, { cause }));
    });
    child.once('exit', (code, signal) => {
      done();
      const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      if (!hear) {
        resolve(exitCode);
        return;
      }
      const giveUp = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, drainMs);
      child.once('close', () => {
        clearTimeout(giveUp);
        resolve(exitCode);
      });
    });
  });
}
