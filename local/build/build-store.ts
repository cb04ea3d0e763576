import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import { ApiError, type StatusCode } from '../core/api-error.ts';
import type { Publisher } from '../core/links.ts';
import type { Operation } from '../core/operations.ts';
import type { Table } from '../core/state.ts';
import { hasEnded, type Build, type BuildConfig, type BuildStatus } from './build-types.ts';

/** What a build was asked for, whole: a retry asks for the same again. */
export interface BuildRequest {
  readonly project: string;
  readonly location: string;
  /** Before substitution. */
  readonly config: BuildConfig;
  /** Substitutions that the trigger sets: COMMIT_SHA, BRANCH_NAME, … */
  readonly builtIns: Readonly<Record<string, string>>;
  readonly triggerId?: string;
  readonly approvalRequired?: boolean;
  /** The config could not be read: the build is recorded, and fails with these reasons. */
  readonly refusals?: readonly string[];
  /** What started it (`<push id>/<trigger id>`): a push that is looked at twice builds once. */
  readonly cause?: string | undefined;
}

export interface BuildRecord {
  readonly build: Build;
  readonly request: BuildRequest;
  readonly substitutions: Readonly<Record<string, string>>;
  readonly operation: string;
  /** Counts up over all builds: the order of creation, also within one millisecond. */
  readonly sequence: number;
  /** How often the build was begun; more than once after the local cloud was stopped under it. */
  readonly attempts: number;
}

/** Every build, durable. A change is stored first, then told: to whoever polls the operation, and to Pub/Sub. */
export interface BuildStore {
  create(record: Omit<BuildRecord, 'sequence' | 'attempts' | 'operation'>): BuildRecord;
  /** Throws NOT_FOUND. */
  get(id: string): BuildRecord;
  find(id: string): BuildRecord | undefined;
  /** Newest first. */
  list(): BuildRecord[];
  change(id: string, part: Partial<Build>): BuildRecord;
  /** Notes that the build is begun; returns how often it has been. */
  begin(id: string): number;
  /** Calls `listener` after every change of that build; the returned function ends that. */
  watch(id: string, listener: () => void): () => void;
}

const errorCodes: Partial<Record<BuildStatus, StatusCode>> = {
  FAILURE: 'UNKNOWN',
  INTERNAL_ERROR: 'INTERNAL',
  TIMEOUT: 'DEADLINE_EXCEEDED',
  EXPIRED: 'DEADLINE_EXCEEDED',
  CANCELLED: 'CANCELLED',
};

/** `operations/build/<project>/<base64 of the id>`, or the regional form. */
export function operationName({ projectId, id }: Pick<Build, 'projectId' | 'id'>, location: string): string {
  const encoded = Buffer.from(id).toString('base64');
  return location === 'global'
    ? `operations/build/${projectId}/${encoded}`
    : `projects/${projectId}/locations/${location}/operations/${encoded}`;
}

const buildType = 'type.googleapis.com/google.devtools.cloudbuild.v1.Build';
const metadataOf = (build: Build): NonNullable<Operation['metadata']> => ({
  '@type': 'type.googleapis.com/google.devtools.cloudbuild.v1.BuildOperationMetadata',
  build,
});

/** `projects/p/topics/cloud-builds`, or the topic that the build names. */
const topicOf = ({ projectId, options }: Build): string =>
  options?.pubsubTopic ?? `projects/${projectId}/topics/cloud-builds`;

export function createBuildStore(
  context: CloudContext,
  publisher: Publisher,
  table: Table<BuildRecord>,
): BuildStore {
  let lastSequence = Math.max(0, ...table.values().map(({ sequence }) => sequence));
  const get = (id: string): BuildRecord => {
    const record = table.get(id);
    if (!record) throw new ApiError('NOT_FOUND', `Requested entity was not found: build ${id}`);
    return record;
  };
  const watchers = new Map<string, Set<() => void>>();
  const publish = (build: Build): void => {
    publisher.publish(topicOf(build), {
      data: Buffer.from(JSON.stringify(build)),
      attributes: { buildId: build.id, status: build.status },
    });
  };
  const tell = ({ build, operation }: BuildRecord): void => {
    context.operations.update(operation, metadataOf(build));
    if (build.status === 'SUCCESS') context.operations.succeed(operation, { '@type': buildType, ...build });
    else if (hasEnded(build.status)) {
      const message = build.statusDetail ?? `Build ended with status ${build.status}`;
      context.operations.fail(operation, new ApiError(errorCodes[build.status] ?? 'UNKNOWN', message));
    }
    publish(build);
  };
  return {
    get,
    find: (id) => table.get(id),
    list: () => table.values().sort((a, b) => b.sequence - a.sequence),
    create(given) {
      lastSequence += 1;
      const { build, request } = given;
      const operation = operationName(build, request.location);
      const record: BuildRecord = { ...given, operation, sequence: lastSequence, attempts: 0 };
      context.operations.begin('', metadataOf(build), operation);
      table.set(build.id, record);
      publish(build);
      return record;
    },
    change(id, part) {
      const before = get(id);
      // A build that has ended stays as it ended, whatever comes late.
      if (hasEnded(before.build.status)) return before;
      const ends = part.status !== undefined && hasEnded(part.status);
      const finish = ends ? { finishTime: timestamp(context.clock) } : {};
      const record = { ...before, build: { ...before.build, ...finish, ...part } };
      table.set(id, record);
      tell(record);
      for (const watcher of watchers.get(id) ?? []) watcher();
      return record;
    },
    begin(id) {
      const record = get(id);
      const attempts = record.attempts + 1;
      table.set(id, { ...record, attempts });
      return attempts;
    },
    watch(id, listener) {
      watchers.set(id, (watchers.get(id) ?? new Set()).add(listener));
      return () => {
        watchers.get(id)?.delete(listener);
        if (watchers.get(id)?.size === 0) watchers.delete(id);
      };
    },
  };
}
