/**
 * Where the products of the local cloud meet. A room offers one of these, another asks for it; no room imports another.
 */

/** Pub/Sub, as other products publish to it. */
export interface Publisher {
  /** `topic` is `projects/p/topics/t`; a topic that does not exist drops the message, as Google's products do. */
  publish(topic: string, message: { data: Buffer; attributes?: Readonly<Record<string, string>> }): void;
}

/** Secret Manager, as Cloud Run and Cloud Build read it. */
export interface SecretReader {
  /** `name` is `projects/p/secrets/s/versions/v|latest`; throws ApiError NOT_FOUND or FAILED_PRECONDITION. */
  access(name: string): Buffer;
}

/** google.logging.v2.LogEntry as JSON. */
export interface LogEntry {
  logName: string;
  resource: { type: string; labels: Record<string, string> };
  timestamp: string;
  receiveTimestamp?: string;
  severity:
    'DEFAULT' | 'DEBUG' | 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR' | 'CRITICAL' | 'ALERT' | 'EMERGENCY';
  insertId: string;
  labels?: Record<string, string>;
  textPayload?: string;
  jsonPayload?: Record<string, unknown>;
  protoPayload?: Record<string, unknown>;
  httpRequest?: Record<string, unknown>;
  trace?: string;
}

/** Cloud Logging, as other products write to it. */
export interface LogWriter {
  /** Stores the entry and hands it to every sink whose filter it passes. `insertId` and timestamps are filled in. */
  write(
    entry: Omit<LogEntry, 'insertId' | 'timestamp' | 'severity'> &
      Partial<Pick<LogEntry, 'timestamp' | 'severity'>>,
  ): void;
}

/** Cloud Logging, as alert policies watch it. */
export interface LogWatcher {
  /**
   * Calls `matched` for each entry of the project from now on that passes the Logging query; the result ends that. Throws
   * ApiError INVALID_ARGUMENT for a query that is none.
   */
  watch(project: string, query: string, matched: (entry: LogEntry) => void): () => void;
}

/** Cloud Monitoring, as other products report to it. */
export interface MetricWriter {
  /**
   * Counts `value` at this moment into one of Google's own metrics: added to an INT64, one more observation of a
   * DISTRIBUTION. Every label must be given.
   */
  record(measurement: {
    readonly project: string;
    readonly metric: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
    readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
    readonly value: number;
  }): void;
}

/** Cloud Storage, as other products store in it. */
export interface ObjectStore {
  /** Throws ApiError NOT_FOUND when the bucket does not exist. */
  put(bucket: string, name: string, content: Buffer, contentType: string): { generation: string };
  get(bucket: string, name: string, generation?: string): Buffer;
  bucketExists(bucket: string): boolean;
}

/** What a built image is on this machine: a folder and how to start it. No isolation. */
export interface Image {
  /** `<region>-docker.pkg.dev/<project>/<repository>/<name>@sha256:…`. */
  readonly reference: string;
  readonly digest: string;
  /** The folder that stands for the image's `/`; read-only by convention. */
  readonly rootFolder: string;
  readonly config: ImageConfig;
}

export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly exposedPorts: readonly number[];
  readonly stopSignal: string;
  /** The tools of this machine that the base image stands for: folders put in front of PATH. */
  readonly toolPaths: readonly string[];
}

/** Artifact Registry, as Cloud Build and Cloud Run use it. */
export interface ImageStore {
  /** By tag or digest; undefined when there is none. */
  resolve(reference: string): Image | undefined;
  /** Every pushed image, newest last. */
  list(): { reference: string; tags: string[]; digest: string }[];
}

/** Cloud SQL, as Cloud Run mounts it. */
export interface SqlSockets {
  /** The folder that stands for `/cloudsql/<connectionName>`; undefined when there is no such instance. */
  socketFolder(connectionName: string): string | undefined;
}

/** A push that the git remote has accepted. */
export interface GitPush {
  readonly owner: string;
  readonly repository: string;
  /** `refs/heads/…` or `refs/tags/…`. */
  readonly ref: string;
  /** 40 zeros when the ref is new. */
  readonly before: string;
  /** 40 zeros when the ref was deleted. */
  readonly after: string;
}

/** GitHub, as Cloud Build fetches from it. */
export interface GitHost {
  /** The bare repository on this machine, or undefined. */
  gitDir(owner: string, repository: string): string | undefined;
  onPush(listener: (push: GitPush) => void): void;
}
