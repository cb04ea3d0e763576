import { execFile } from 'node:child_process';
import path from 'node:path';
import type { CloudContext } from '../../../local/core/context.ts';

export interface DockerResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the `docker` of the shim folder as a build step would: as a process, found on PATH. */
export function docker(
  { context, shimFolder }: { context: CloudContext; shimFolder: string },
  cwd: string,
  ...args: string[]
): Promise<DockerResult> {
  const env = context.processEnvironment(cwd);
  env.PATH = `${shimFolder}${path.delimiter}${env.PATH ?? ''}`;
  return new Promise((resolve) => {
    execFile('docker', args, { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}
