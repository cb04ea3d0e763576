import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { startLocalCloud } from '../local/cloud.ts';
import type { Commit } from './cli/git.ts';
import { announce, localSession, withdraw, type Session } from './cli/session.ts';
import type { Pipeline } from './pipeline/pipeline.ts';

export interface LocalCloudRun {
  readonly stateFolder: string;
  readonly port: number;
  /** Forget what the folder holds. */
  readonly fresh: boolean;
  /** The repository and commit whose pipeline it carries. */
  readonly root: string;
  readonly commit: Commit;
  readonly pipeline: Pipeline;
}

export const logFileOf = (stateFolder: string): string => path.join(stateFolder, 'local-cloud.log');

/** Runs `use` with a local cloud; whatever happens, the cloud is stopped in the end and leaves no process behind. */
export async function withLocalCloud<T>(
  run: LocalCloudRun,
  use: (session: Session & { readonly origin: string }) => Promise<T>,
): Promise<T> {
  const { stateFolder, port, fresh, root, commit, pipeline } = run;
  const cloud = await startLocalCloud({
    port,
    stateFolder,
    fresh,
    projectId: pipeline.project,
    region: pipeline.region,
    tools: path.join(import.meta.dirname, 'k6', 'bin'),
    log(level, message) {
      appendFileSync(logFileOf(stateFolder), `${new Date().toISOString()} ${level} ${message}\n`);
    },
  });
  try {
    await announce(stateFolder, { origin: cloud.origin, pid: process.pid, repo: root, ref: commit.sha });
    return await use({ ...localSession(pipeline, cloud.origin), origin: cloud.origin });
  } finally {
    await withdraw(stateFolder);
    await cloud.stop();
  }
}

/** Ctrl-C once: an orderly end. Twice: at once; what is left then is ended by the local cloud's reaper. */
export function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return controller.signal;
}
