import { Agent } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { ImageProcess } from '../core/image-process.ts';
import type { LogWriter } from '../core/links.ts';
import type { ManagedProcess, Processes } from '../core/processes.ts';
import { eachLine } from '../core/output-lines.ts';
import { systemLine } from './log-entries.ts';
import { outputEntry } from './output-entry.ts';
import {
  containerEnded,
  livenessFailed,
  startingInstance,
  startupFailed,
  startupSucceeded,
} from './probe-lines.ts';
import type { StartReason } from './probe-lines.ts';
import { runStartupProbe, watchLiveness } from './probe.ts';
import type { Probe } from './resources.ts';
import { notListening, StartFailure } from './start-failure.ts';

/** How long a container has to end after SIGTERM. https://cloud.google.com/run/docs/container-contract#instance-shutdown */
const graceMs = 10_000;

/**
 * Node closes an idle connection after 5 s. Connections here are given up before that, so that none is used just as
 * the other side closes it.
 */
const idleConnectionMs = 4_000;

export interface InstanceInput {
  /** Full name of the revision. */
  readonly revision: string;
  readonly instanceId: string;
  readonly plan: ImageProcess;
  readonly port: number;
  readonly container: { readonly name: string; readonly port: number };
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe | undefined;
  readonly logUri: string;
  readonly reason: StartReason;
  /** Gives up the start. */
  readonly signal: AbortSignal;
}

/** One running container. */
export interface Instance {
  readonly id: string;
  readonly port: number;
  readonly agent: Agent;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** SIGTERM, SIGKILL after ten seconds; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Writes a process's output to the log until it ends. */
function logOutput(child: ManagedProcess, input: InstanceInput, log: LogWriter): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    eachLine(child[stream], (line) => {
      log.write(outputEntry(input.revision, input.instanceId, stream, line));
    });
  }
}

/**
 * Starts a container and resolves when its startup probe has succeeded. Throws StartFailure when the process ends
 * first, cannot be started, or does not answer in time; nothing is left running then.
 */
export async function startInstance(
  input: InstanceInput,
  deps: { processes: Processes; log: LogWriter; clock: Clock },
): Promise<Instance> {
  const { processes, log, clock } = deps;
  const { startupProbe, livenessProbe, container, port } = input;
  const write = (text: string, severity: 'INFO' | 'WARNING' | 'ERROR'): void => {
    log.write(systemLine(input.revision, input.instanceId, text, severity));
  };
  write(startingInstance(input.reason), 'INFO');
  const child = processes.spawn(input.plan);
  logOutput(child, input, log);

  const agent = new Agent({ keepAlive: true, timeout: idleConnectionMs, maxFreeSockets: 64 });
  const gone = new AbortController();
  let asked = false;
  let spawnError: unknown;
  const ended = child.exited
    .then(({ code, signal }) => {
      if (!asked) write(containerEnded(code, signal), code === 0 ? 'INFO' : 'WARNING');
    })
    .catch((error: unknown) => {
      spawnError = error;
      write(`terminated: Application failed to start: ${(error as Error).message}`, 'ERROR');
    })
    .finally(() => {
      gone.abort();
      agent.destroy();
    });
  const stop = async (): Promise<void> => {
    asked = true;
    await child.stop(graceMs);
    await ended;
  };

  const giveUp = (): void => {
    void stop();
  };
  input.signal.addEventListener('abort', giveUp, { once: true });
  const { succeeded, attempts } = await runStartupProbe({ probe: startupProbe, port }, clock, gone.signal);
  input.signal.removeEventListener('abort', giveUp);
  if (input.signal.aborted) {
    await stop();
    throw new StartFailure('container', 'The instance was stopped while it was starting');
  }
  if (!succeeded || gone.signal.aborted) {
    const status = gone.signal.aborted ? 'CANCELLED' : 'DEADLINE_EXCEEDED';
    write(startupFailed(startupProbe, container, attempts, status), 'ERROR');
    await stop();
    throw new StartFailure('container', notListening(container.port, input.logUri), { cause: spawnError });
  }
  write(startupSucceeded(startupProbe, container, attempts), 'INFO');

  if (livenessProbe) {
    void watchLiveness({ probe: livenessProbe, port }, clock, gone.signal).then(async () => {
      if (gone.signal.aborted) return;
      write(livenessFailed(livenessProbe, container), 'ERROR');
      await stop();
    });
  }
  return { id: input.instanceId, port, agent, ended, stop };
}
