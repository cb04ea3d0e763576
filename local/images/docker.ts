/** The `docker` of build steps on the local cloud. Its environment comes from the wrapper that images-room.ts writes. */
import path from 'node:path';
import { buildEnvironment } from './build-environment.ts';
import { parseDockerArguments, UsageError } from './docker-arguments.ts';
import { dockerCommand } from './docker-commands.ts';
import { openImageDisk } from './image-disk.ts';
import { createRegistryClient } from './registry-client.ts';

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const interrupted = new AbortController();
  let killedBy: keyof typeof signalNumbers | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      killedBy = signal;
      interrupted.abort();
    });
  }
  try {
    const command = parseDockerArguments(args, env);
    const { DOCKER_LOCAL_STATE: state, CLOUD_API_ENDPOINT: origin } = env;
    if (state === undefined || origin === undefined)
      throw new UsageError(
        'DOCKER_LOCAL_STATE and CLOUD_API_ENDPOINT must be set: start docker as the local cloud does',
      );
    const nodeFolder = path.dirname(process.execPath);
    const print = (line: string): void => {
      process.stdout.write(`${line}\n`);
    };
    await dockerCommand(command, {
      disk: openImageDisk(state),
      registry: createRegistryClient(origin),
      cwd: process.cwd(),
      nodeFolder,
      nodeVersion: process.versions.node,
      machineEnv: buildEnvironment(origin, nodeFolder, env),
      signal: interrupted.signal,
      print,
      write: print,
    });
    return 0;
  } catch (error) {
    if (killedBy !== undefined) return 128 + signalNumbers[killedBy];
    process.stderr.write(`ERROR: ${(error as Error).message}\n`);
    return error instanceof UsageError ? 125 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2), process.env);
