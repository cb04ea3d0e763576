/**
 * google.devtools.cloudbuild.v1 as proto3 JSON: the fields that the local cloud reads or writes. What a request carries
 * beyond them is kept and given back as it came.
 */

export type BuildStatus =
  | 'STATUS_UNKNOWN'
  | 'PENDING'
  | 'QUEUED'
  | 'WORKING'
  | 'SUCCESS'
  | 'FAILURE'
  | 'INTERNAL_ERROR'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'EXPIRED';

const ended: ReadonlySet<BuildStatus> = new Set([
  'SUCCESS',
  'FAILURE',
  'INTERNAL_ERROR',
  'TIMEOUT',
  'CANCELLED',
  'EXPIRED',
]);

/** Whether a build with this status never changes again. */
export const hasEnded = (status: BuildStatus): boolean => ended.has(status);

export interface TimeSpan {
  startTime?: string | undefined;
  endTime?: string | undefined;
}

export interface Volume {
  name?: string;
  path?: string;
}

export interface BuildStep {
  name?: string;
  env?: string[];
  args?: string[];
  dir?: string;
  id?: string;
  waitFor?: string[];
  entrypoint?: string;
  secretEnv?: string[];
  volumes?: Volume[];
  timing?: TimeSpan | undefined;
  pullTiming?: TimeSpan | undefined;
  timeout?: string;
  status?: BuildStatus | undefined;
  allowFailure?: boolean;
  exitCode?: number | undefined;
  allowExitCodes?: number[];
  script?: string;
  automapSubstitutions?: boolean;
}

export interface StorageSource {
  bucket?: string;
  object?: string;
  generation?: string;
}

export interface GitSource {
  url?: string;
  dir?: string;
  revision?: string;
}

export interface Source {
  storageSource?: StorageSource;
  gitSource?: GitSource;
  repoSource?: Record<string, unknown>;
  storageSourceManifest?: Record<string, unknown>;
  connectedRepository?: Record<string, unknown>;
}

export interface SourceProvenance {
  resolvedStorageSource?: StorageSource;
  resolvedGitSource?: GitSource;
}

export interface Artifacts {
  images?: string[];
  objects?: { location?: string; paths?: string[]; timing?: TimeSpan };
  mavenArtifacts?: unknown[];
  goModules?: unknown[];
  pythonPackages?: unknown[];
  npmPackages?: unknown[];
}

export interface BuildOptions {
  substitutionOption?: 'MUST_MATCH' | 'ALLOW_LOOSE';
  dynamicSubstitutions?: boolean;
  automapSubstitutions?: boolean;
  env?: string[];
  secretEnv?: string[];
  volumes?: Volume[];
  logging?: string;
  defaultLogsBucketBehavior?: string;
  machineType?: string;
  diskSizeGb?: string;
  pool?: { name?: string };
  workerPool?: string;
  pubsubTopic?: string;
  requestedVerifyOption?: string;
  sourceProvenanceHash?: string[];
}

export interface BuiltImage {
  name: string;
  digest: string;
  pushTiming: TimeSpan;
}

export interface Results {
  images?: BuiltImage[];
  buildStepImages?: string[];
  buildStepOutputs?: string[];
  artifactManifest?: string;
  numArtifacts?: string;
  artifactTiming?: TimeSpan;
}

export interface FailureInfo {
  type?:
    'PUSH_FAILED' | 'PUSH_IMAGE_NOT_FOUND' | 'USER_BUILD_STEP' | 'FETCH_SOURCE_FAILED' | 'LOGGING_FAILURE';
  detail: string;
}

export interface Approval {
  state: 'PENDING' | 'APPROVED' | 'REJECTED' | 'CANCELLED';
  config: { approvalRequired: boolean };
  result?: {
    approverAccount?: string;
    approvalTime?: string;
    decision?: string;
    comment?: string;
    url?: string;
  };
}

/** What a request or a cloudbuild.yaml asks for. */
export interface BuildConfig {
  source?: Source;
  steps?: BuildStep[];
  timeout?: string;
  queueTtl?: string;
  images?: string[];
  artifacts?: Artifacts;
  logsBucket?: string;
  options?: BuildOptions;
  substitutions?: Record<string, string>;
  tags?: string[];
  serviceAccount?: string;
  secrets?: { kmsKeyName?: string; secretEnv?: Record<string, string> }[];
  availableSecrets?: {
    secretManager?: { versionName?: string; env?: string }[];
    inline?: { kmsKeyName?: string; envMap?: Record<string, string> }[];
  };
  gitConfig?: Record<string, unknown>;
  dependencies?: unknown[];
}

export interface Build extends BuildConfig {
  name: string;
  id: string;
  projectId: string;
  status: BuildStatus;
  statusDetail?: string | undefined;
  results?: Results;
  createTime: string;
  startTime?: string;
  finishTime?: string;
  sourceProvenance?: SourceProvenance;
  buildTriggerId?: string;
  logUrl: string;
  timing?: Record<string, TimeSpan>;
  approval?: Approval;
  failureInfo?: FailureInfo;
}

export interface PushFilter {
  branch?: string;
  tag?: string;
  invertRegex?: boolean;
}

export interface BuildTrigger {
  resourceName: string;
  id: string;
  name: string;
  description?: string;
  tags?: string[];
  createTime: string;
  github?: { owner?: string; name?: string; push?: PushFilter; pullRequest?: Record<string, unknown> };
  build?: BuildConfig;
  filename?: string;
  disabled?: boolean;
  substitutions?: Record<string, string>;
  ignoredFiles?: string[];
  includedFiles?: string[];
  serviceAccount?: string;
  includeBuildLogs?: string;
  approvalConfig?: { approvalRequired?: boolean };
}
