import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from './clock.ts';
import type { CloudContext } from './context.ts';
import { processEnvironment } from './environment.ts';
import { createIdentity } from './identity.ts';
import { createOperations } from './operations.ts';
import { createPorts } from './ports.ts';
import { createProcesses } from './processes.ts';
import { openTable } from './state.ts';

export interface ContextOptions extends Pick<
  CloudContext,
  'projectId' | 'projectNumber' | 'region' | 'clock' | 'origin' | 'log'
> {
  readonly stateFolder: string;
  /** The first port that services and functions may get. */
  readonly firstPort: number;
  readonly clock: Clock;
  /** `context.tools.given`. */
  readonly givenTools?: string | undefined;
}

/** What every room gets, on the state that the folder holds. */
export function createContext({
  stateFolder,
  firstPort,
  givenTools,
  ...given
}: ContextOptions): CloudContext {
  const table = <T>(room: string, name: string): ReturnType<typeof openTable<T>> =>
    openTable<T>(path.join(stateFolder, room, name));
  const nodeFolder = path.dirname(process.execPath);
  return {
    ...given,
    processes: createProcesses(path.join(stateFolder, 'processes')),
    operations: createOperations(table('operations', 'operations')),
    ports: createPorts(table('ports', 'ports'), firstPort),
    identity: createIdentity(table('identity', 'keys'), given.clock),
    table,
    folder(room, name) {
      const folder = path.join(stateFolder, room, name);
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    processEnvironment: (home) => processEnvironment(given.origin, nodeFolder, home),
    tools: { node: nodeFolder, given: givenTools },
  };
}
