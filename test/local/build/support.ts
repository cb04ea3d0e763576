import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CloudBuildClient } from '@google-cloud/cloudbuild';
import { PassThroughClient } from 'google-auth-library';
import { createBuildRoom } from '../../../local/build/build-room.ts';
import type { Build } from '../../../local/build/build-types.ts';
import { ApiError } from '../../../local/core/api-error.ts';
import type { Clock } from '../../../local/core/clock.ts';
import type { CloudContext } from '../../../local/core/context.ts';
import type { GitPush, Image, ImageStore, LogEntry } from '../../../local/core/links.ts';
import type { Room } from '../../../local/core/room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

const zeros = '0'.repeat(40);

/** A repository as GitHub has it: bare, pushed to from a working copy, on this machine. */
export class TestRepository {
  readonly gitDir: string;
  readonly #work: string;
  readonly #notify: (push: GitPush) => void;

  constructor(folder: string, notify: (push: GitPush) => void) {
    this.gitDir = path.join(folder, 'bare.git');
    this.#work = path.join(folder, 'work');
    this.#notify = notify;
    execFileSync('git', ['init', '--quiet', '--bare', this.gitDir]);
    execFileSync('git', ['init', '--quiet', '--initial-branch=main', this.#work]);
  }

  git(...args: string[]): string {
    const identity = [
      '-c',
      'user.name=Test',
      '-c',
      'user.email=test@example.com',
      '-c',
      'commit.gpgsign=false',
    ];
    return execFileSync('git', ['-C', this.#work, ...identity, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  }

  commit(files: Readonly<Record<string, string>>, message = 'change'): string {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(this.#work, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return this.git('rev-parse', 'HEAD');
  }

  /** Pushes HEAD to `ref` (or what `source` names), and tells of it as the git remote does. */
  push(ref = 'refs/heads/main', source = 'HEAD', notify = this.#notify): GitPush {
    const before = this.#at(ref);
    this.git('push', '--quiet', '--force', this.gitDir, `${source}:${ref}`);
    const push = { owner: 'acme', repository: 'shop', ref, before, after: this.#at(ref) };
    notify(push);
    return push;
  }

  #at(ref: string): string {
    const found = execFileSync(
      'git',
      ['--git-dir', this.gitDir, 'for-each-ref', '--format=%(objectname)', ref],
      { encoding: 'utf8' },
    ).trim();
    return found === '' ? zeros : found;
  }
}

export interface BuildCloud {
  readonly cloud: TestCloud;
  readonly client: CloudBuildClient;
  readonly repository: TestRepository;
  /** Every Build message in the order of its publication. */
  readonly published: Build[];
  readonly topics: string[];
  readonly secrets: Map<string, string>;
  readonly objects: Map<string, Buffer>;
  readonly images: Map<string, Image>;
  readonly entries: Partial<LogEntry>[];
  /** Resolves with the first message of which `test` is true, past ones too. */
  message(test: (build: Build) => boolean): Promise<Build>;
  ended(id: string): Promise<Build>;
  logOf(id: string): Promise<string>;
  fetch(pathname: string): Promise<Response>;
  close(options?: { keepState?: boolean }): Promise<void>;
}

export const terminal = new Set(['SUCCESS', 'FAILURE', 'INTERNAL_ERROR', 'TIMEOUT', 'CANCELLED', 'EXPIRED']);

/** What `docker push` stands for in these tests: it prints, and fails for an image whose name says so. */
const shim = '#!/bin/sh\necho "docker $*"\ncase "$*" in *broken*) exit 1;; esac\n';

export interface BuildCloudOptions {
  readonly clock?: Clock;
  readonly stateFolder?: string;
  readonly concurrency?: number;
  /** As in the options of `startLocalCloud`. */
  readonly tools?: string;
  /** That of an earlier cloud, for restarts. */
  readonly repository?: TestRepository;
  readonly published?: Build[];
  /** The real Artifact Registry and `docker`, in place of the double. */
  readonly createImages?: (context: CloudContext) => {
    readonly room: Room;
    readonly images: ImageStore;
    readonly shimFolder: string;
  };
}

/** Cloud Build alone: real git, real processes, the other products in memory. */
export async function buildCloud(options: BuildCloudOptions = {}): Promise<BuildCloud> {
  const cloud = await testCloud({
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.stateFolder === undefined ? {} : { stateFolder: options.stateFolder }),
    ...(options.tools === undefined ? {} : { givenTools: options.tools }),
  });
  // Beside the state: it stays as long as that does, across restarts, and goes with it.
  const folder = mkdtempSync(path.join(cloud.stateFolder, 'test-'));
  const published = options.published ?? [];
  const topics: string[] = [];
  const waiting = new Set<() => void>();
  const secrets = new Map<string, string>();
  const objects = new Map<string, Buffer>();
  const images = new Map<string, Image>();
  const entries: Partial<LogEntry>[] = [];
  const listeners: ((push: GitPush) => void)[] = [];
  const repository =
    options.repository ??
    new TestRepository(folder, (push) => {
      for (const listener of listeners) listener(push);
    });
  const shimFolder = path.join(folder, 'bin');
  mkdirSync(shimFolder);
  writeFileSync(path.join(shimFolder, 'docker'), shim);
  chmodSync(path.join(shimFolder, 'docker'), 0o755);

  const registry = options.createImages?.(cloud.context);

  const { room } = createBuildRoom(
    cloud.context,
    {
      publisher: {
        publish(topic, { data, attributes }) {
          const build = JSON.parse(data.toString('utf8')) as Build;
          if (attributes?.buildId !== build.id || attributes.status !== build.status)
            throw new Error('attributes differ');
          topics.push(topic);
          published.push(build);
          for (const wake of [...waiting]) wake();
        },
      },
      secrets: {
        access(name) {
          const value = secrets.get(name);
          if (value === undefined) throw new ApiError('NOT_FOUND', `Secret [${name}] not found`);
          return Buffer.from(value);
        },
      },
      storage: {
        put(bucket, name, content) {
          objects.set(`${bucket}/${name}`, content);
          return { generation: '1' };
        },
        get(bucket, name) {
          const found = objects.get(`${bucket}/${name}`);
          if (!found) throw new ApiError('NOT_FOUND', `No such object: ${bucket}/${name}`);
          return found;
        },
        bucketExists: (bucket) => bucket !== 'missing',
      },
      images: registry
        ? { ...registry.images, shimFolder: registry.shimFolder }
        : { resolve: (reference) => images.get(reference), list: () => [], shimFolder },
      git: {
        gitDir: (owner, name) =>
          owner.toLowerCase() === 'acme' && name === 'shop' ? repository.gitDir : undefined,
        onPush: (listener) => listeners.push(listener),
      },
      log: { write: (entry) => entries.push(entry) },
    },
    options.concurrency === undefined ? {} : { concurrency: options.concurrency },
  );
  await cloud.serve(registry ? [registry.room, room] : [room]);
  const { hostname, port } = new URL(cloud.context.origin);
  const client = new CloudBuildClient({
    fallback: true,
    protocol: 'http',
    apiEndpoint: hostname,
    port: Number(port),
    projectId: cloud.context.projectId,
    authClient: new PassThroughClient(),
  });

  const message: BuildCloud['message'] = (test) =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = published.find(test);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  const fetchPage = (pathname: string): Promise<Response> => fetch(cloud.context.origin + pathname);
  return {
    cloud,
    client,
    repository,
    published,
    topics,
    secrets,
    objects,
    images,
    entries,
    message,
    ended: (id) => message((build) => build.id === id && terminal.has(build.status)),
    logOf: async (id) => (await fetchPage(`/cloud-build/logs/${id}`)).text(),
    fetch: fetchPage,
    async close(closing = {}) {
      await client.close();
      await cloud.close(closing);
    },
  };
}

/** Creates a build through the official client; its id. */
export async function submit({ client, cloud }: BuildCloud, build: object): Promise<string> {
  const [operation] = await client.createBuild({ projectId: cloud.context.projectId, build });
  const metadata = operation.metadata as { build?: { id?: string } } | null;
  return metadata?.build?.id ?? '';
}
