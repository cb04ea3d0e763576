import type { CloudContext } from '../core/context.ts';
import type {
  GitHost,
  GitPush,
  ImageStore,
  LogWriter,
  ObjectStore,
  Publisher,
  SecretReader,
} from '../core/links.ts';
import { protoRoutes } from '../core/proto-routes.ts';
import type { Room } from '../core/room.ts';
import { createBuildLogs } from './build-logs.ts';
import { buildPages } from './build-pages.ts';
import { createBuildQueue, defaultConcurrency } from './build-queue.ts';
import { createBuildStore, type BuildRecord } from './build-store.ts';
import { buildsApi } from './builds-api.ts';
import { createBuildMaker } from './create-build.ts';
import { cloudBuildDescriptors, cloudBuildService } from './descriptors.ts';
import { createGit } from './git.ts';
import { createPushBuilds } from './push-builds.ts';
import type { PlacedTrigger } from './start-trigger.ts';
import { triggersApi } from './triggers-api.ts';

export interface BuildLinks {
  readonly publisher: Publisher;
  readonly secrets: SecretReader;
  readonly storage: ObjectStore;
  /** `shimFolder` holds the `docker` executable that docker steps get in front of their PATH. */
  readonly images: ImageStore & { readonly shimFolder: string };
  readonly git: GitHost;
  readonly log: LogWriter;
}

export interface BuildRoom {
  readonly room: Room;
}

/** Cloud Build: triggers, builds, and an executor that runs their steps as processes of this machine. */
export function createBuildRoom(
  context: CloudContext,
  links: BuildLinks,
  { concurrency = defaultConcurrency() }: { concurrency?: number } = {},
): BuildRoom {
  const descriptors = cloudBuildDescriptors();
  const gitHome = context.folder('build', 'git-home');
  const env = context.processEnvironment(gitHome);
  const git = createGit(context.processes, env, gitHome);
  const store = createBuildStore(context, links.publisher, context.table<BuildRecord>('build', 'builds'));
  const logOf = createBuildLogs(context.folder('build', 'logs'), links.log);
  const queue = createBuildQueue({
    links: { ...links, context, git, host: links.git, processes: context.processes, env },
    store,
    logOf,
    workspaces: context.folder('build', 'workspaces'),
    concurrency,
  });
  const createBuild = createBuildMaker(context, store, queue, descriptors);
  const triggers = context.table<PlacedTrigger>('build', 'triggers');
  const pushes = createPushBuilds({
    context,
    git,
    host: links.git,
    store,
    triggers: () => triggers.values(),
    createBuild,
    descriptors,
    pending: context.table<GitPush>('build', 'pushes'),
  });
  links.git.onPush((push) => {
    pushes.receive(push);
  });
  const methods = {
    ...buildsApi({ context, store, queue, createBuild, descriptors }),
    ...triggersApi({ context, table: triggers, git, host: links.git, createBuild, descriptors }),
  };
  return {
    room: {
      name: 'build',
      routes: [
        ...protoRoutes(descriptors, cloudBuildService, methods),
        ...buildPages({ context, store, queue, logOf }),
      ],
      start() {
        queue.resume();
        pushes.resume();
      },
      async stop() {
        await pushes.settled();
        await queue.stop();
      },
    },
  };
}
