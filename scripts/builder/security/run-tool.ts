import { spawn } from 'node:child_process';

/** What a tool said. */
export interface ToolOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const maxOutputBytes = 128 * 1024 * 1024;

/** Runs a tool whose output is read. Throws when it cannot be started, takes too long, or says too much. */
export function runTool(
  command: string,
  args: readonly string[],
  { cwd, timeoutSeconds }: { readonly cwd: string; readonly timeoutSeconds: number },
): Promise<ToolOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let bytes = 0;
    let stopped: string | undefined;
    const stop = (why: string): void => {
      stopped ??= why;
      // The whole group: what the tool has started holds its output open.
      if (child.pid !== undefined) {
        try {
          process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It has ended meanwhile.
        }
      }
    };
    const timer = setTimeout(() => {
      stop(`it took longer than ${timeoutSeconds} s`);
    }, timeoutSeconds * 1000);
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk: Buffer) => {
        output[name].push(chunk);
        bytes += chunk.byteLength;
        if (bytes > maxOutputBytes) stop(`it said more than ${maxOutputBytes / 1024 / 1024} MB`);
      });
    child.once('error', (cause) => {
      clearTimeout(timer);
      reject(new Error(`${command} could not be started: ${cause.message}`, { cause }));
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      if (stopped !== undefined) {
        reject(new Error(`${command} was stopped: ${stopped}`));
        return;
      }
      const [stdout, stderr] = [output.stdout, output.stderr].map((chunks) =>
        Buffer.concat(chunks).toString(),
      );
      resolve({ exitCode: code ?? 1, stdout: stdout ?? '', stderr: stderr ?? '' });
    });
  });
}
