import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { sleep } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { LogWriter } from '../core/links.ts';
import { eachLine, outputPayload } from '../core/output-lines.ts';
import { frameworkMain } from './unpack.ts';

/** A revision of a function: what is started, and who it says it is. */
export interface Revision {
  readonly project: string;
  readonly location: string;
  readonly functionId: string;
  readonly revision: string;
  readonly entryPoint: string;
  readonly sourceFolder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A running function. */
export interface Instance {
  /** It takes requests here, where no other machine and no other user gets to. */
  readonly socketPath: string;
  readonly alive: boolean;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** The function's process ended, or did not come to listen; the message holds its last words. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
}

/** Cloud Run's default startup probe gives up after this time. */
const startTimeoutMs = 240_000;
const pollMs = 10;
const stopGraceMs = 5_000;
const lastLines = 20;

function accepts(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/**
 * Starts the Functions Framework on the source, as the buildpack's image does, and waits until it takes requests.
 * The framework listens on a Unix socket: given a port it would listen on every address of the machine.
 */
export async function startInstance(
  context: CloudContext,
  log: LogWriter,
  revision: Revision,
  socketPath: string,
): Promise<Instance> {
  const { project, location, functionId, sourceFolder, entryPoint } = revision;
  const write = (
    stream: 'stdout' | 'stderr' | 'varlog/system',
    payload: ReturnType<typeof outputPayload>,
  ): void => {
    log.write({
      logName: `projects/${project}/logs/${encodeURIComponent(`run.googleapis.com/${stream}`)}`,
      resource: {
        type: 'cloud_run_revision',
        labels: {
          project_id: project,
          location,
          service_name: functionId,
          configuration_name: functionId,
          revision_name: revision.revision,
        },
      },
      ...payload,
      labels: { 'goog-managed-by': 'cloudfunctions', ...payload.labels },
    });
  };
  rmSync(socketPath, { force: true });
  const child = context.processes.spawn({
    command: path.join(context.tools.node, 'node'),
    args: [
      frameworkMain(sourceFolder),
      `--source=${sourceFolder}`,
      `--target=${entryPoint}`,
      `--port=${socketPath}`,
    ],
    cwd: sourceFolder,
    env: revision.env,
  });
  const tail: string[] = [];
  for (const stream of ['stdout', 'stderr'] as const) {
    eachLine(child[stream], (line) => {
      tail.push(line);
      if (tail.length > lastLines) tail.shift();
      write(stream, outputPayload(line));
    });
  }
  const outcome: { how?: string } = {};
  let stopping = false;
  const ended = child.exited
    .then(
      ({ code }) => `exited with ${code}`,
      (error: unknown) => String(error),
    )
    .then((how) => {
      outcome.how = how;
      rmSync(socketPath, { force: true });
      if (!stopping)
        write('varlog/system', { severity: 'WARNING', textPayload: `The function's process ${how}.` });
    });
  const stop = async (): Promise<void> => {
    stopping = true;
    await child.stop(stopGraceMs);
    await ended;
  };
  const deadline = context.clock.now() + startTimeoutMs;
  const words = (): string => (tail.length === 0 ? 'it wrote nothing' : tail.join('\n'));
  while (!(await accepts(socketPath))) {
    if (outcome.how !== undefined)
      throw new StartFailure(`the process ${outcome.how} before it listened:\n${words()}`);
    if (context.clock.now() > deadline) {
      await stop();
      throw new StartFailure(
        `the process did not listen within ${startTimeoutMs / 1000} seconds:\n${words()}`,
      );
    }
    await sleep(context.clock, pollMs);
  }
  return {
    socketPath,
    get alive() {
      return outcome.how === undefined && !stopping;
    },
    ended,
    stop,
  };
}
