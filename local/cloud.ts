import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBuildRoom } from './build/build-room.ts';
import { createConsoleRoom } from './console/console-room.ts';
import { systemClock } from './core/clock.ts';
import type { CloudContext } from './core/context.ts';
import { createContext } from './core/create-context.ts';
import { isPortFree } from './core/ports.ts';
import type { Room } from './core/room.ts';
import { createRequestListener } from './core/server.ts';
import { claimStateFolder, clearStateFolder } from './core/state-folder.ts';
import { lockFile, lockState } from './core/state-lock.ts';
import { createFunctionsRoom } from './functions/functions-room.ts';
import { createGitHubRoom } from './github/github-room.ts';
import { createImagesRoom } from './images/images-room.ts';
import { createLoggingRoom } from './logging/logging-room.ts';
import { createMetadataRoom } from './metadata/metadata-room.ts';
import { createMonitoringRoom } from './monitoring/monitoring-room.ts';
import { createPubSubRoom } from './pubsub/pubsub-room.ts';
import { createRunRoom } from './run/run-room.ts';
import { createSchedulerRoom } from './scheduler/scheduler-room.ts';
import { createSecretsRoom } from './secrets/secrets-room.ts';
import { createSqlRoom } from './sql/sql-room.ts';
import { createStorageRoom } from './storage/storage-room.ts';

export interface LocalCloudOptions {
  /** 0 picks a free one. */
  readonly port: number;
  readonly stateFolder: string;
  /** Forget what the folder holds. */
  readonly fresh: boolean;
  readonly projectId: string;
  readonly region: string;
  /** A folder of executables for builders that are nothing of the local cloud's own: `k6`. */
  readonly tools?: string;
  readonly log: CloudContext['log'];
}

export interface LocalCloud {
  /** `http://127.0.0.1:<port>`: every API. */
  readonly origin: string;
  readonly port: number;
  /** Ends everything it has started; the state stays. */
  stop(): Promise<void>;
}

/** The port is in use, or cannot be had. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

/** Every product, in the order in which they start; they stop the other way round. */
function createRooms(context: CloudContext): readonly Room[] {
  const storage = createStorageRoom(context);
  const secrets = createSecretsRoom(context);
  const pubsub = createPubSubRoom(context);
  const scheduler = createSchedulerRoom(context, pubsub);
  const logging = createLoggingRoom(context, pubsub);
  const monitoring = createMonitoringRoom(context, { logs: logging.watcher });
  const images = createImagesRoom(context);
  const sql = createSqlRoom(context);
  const github = createGitHubRoom(context);
  const metadata = createMetadataRoom(context);
  const functions = createFunctionsRoom(context, {
    objects: storage.objects,
    secrets: secrets.secrets,
    log: logging.writer,
  });
  const run = createRunRoom(context, {
    images: images.images,
    secrets: secrets.secrets,
    sql: sql.sockets,
    log: logging.writer,
    metrics: monitoring.metrics,
  });
  const build = createBuildRoom(context, {
    publisher: pubsub.publisher,
    secrets: secrets.secrets,
    storage: storage.objects,
    images: { ...images.images, shimFolder: images.shimFolder },
    git: github.git,
    log: logging.writer,
  });
  return [
    storage,
    secrets,
    logging,
    monitoring,
    images,
    sql,
    metadata,
    functions,
    run,
    build,
    github,
    pubsub,
    scheduler,
    createConsoleRoom(context),
  ].map(({ room }) => room);
}

/** A number that stands for the project, as Google gives one to each: derived from its id, so that it never changes. */
function projectNumber(projectId: string): string {
  let hash = 7;
  for (const character of projectId) hash = (hash * 31 + character.charCodeAt(0)) % 900_000_000_000;
  return String(100_000_000_000 + hash);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${cause.message})`;
      reject(
        new PortError(
          `port ${port} on 127.0.0.1 ${why}; end what uses it, or choose another with --port (0 picks a free one)`,
          { cause },
        ),
      );
    });
    server.listen(port, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Below what systems give out for connections (Linux: 32768 and up): an address handed out later must not be taken by one. */
const ownPorts = { first: 10_000, last: 30_000 };
const portAttempts = 50;

/** Any port that is free, with room above it for the addresses of services. */
async function listenAnywhere(server: Server): Promise<number> {
  for (let attempt = 1; attempt < portAttempts; attempt += 1) {
    const port = randomInt(ownPorts.first, ownPorts.last);
    if (await isPortFree(port)) return listen(server, port);
  }
  return listen(server, 0);
}

/** Starts the local cloud on what `stateFolder` holds. Throws PortError, StateFolderError, or StateLockedError when it runs already. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { stateFolder, projectId, region, log } = options;
  claimStateFolder(stateFolder);
  const unlock = lockState(stateFolder);
  // Locked first: a cloud that runs on the folder keeps its state.
  if (options.fresh) clearStateFolder(stateFolder, [lockFile]);
  // The rooms have to know the address when they are made, so the port comes first; requests wait until they are.
  const server = createServer();
  let port: number;
  try {
    port = await (options.port === 0 ? listenAnywhere(server) : listen(server, options.port));
  } catch (error) {
    unlock();
    throw error;
  }
  const origin = `http://127.0.0.1:${port}`;
  const context = createContext({
    ...{ projectId, projectNumber: projectNumber(projectId), region, origin, stateFolder, log },
    clock: systemClock,
    firstPort: port + 1,
    givenTools: options.tools,
  });
  const rooms = createRooms(context);
  server.on(
    'request',
    createRequestListener([...rooms.flatMap((room) => room.routes), ...context.operations.routes], log),
  );
  const stop = async (): Promise<void> => {
    for (const room of rooms.toReversed()) await room.stop?.();
    await context.processes.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    unlock();
  };
  try {
    for (const room of rooms) await room.start?.();
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin, port, stop };
}
