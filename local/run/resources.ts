/** google.cloud.run.v2 as proto3 JSON: what the local cloud reads or sets. Other fields are carried as they are. */

export type AllocationType =
  | 'TRAFFIC_TARGET_ALLOCATION_TYPE_UNSPECIFIED'
  | 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST'
  | 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';

export interface TrafficTarget {
  type?: AllocationType;
  /** Short name, without the path. */
  revision?: string;
  percent?: number;
  tag?: string;
}

export interface TrafficTargetStatus extends TrafficTarget {
  uri?: string;
}

export type ConditionState =
  'CONDITION_PENDING' | 'CONDITION_RECONCILING' | 'CONDITION_FAILED' | 'CONDITION_SUCCEEDED';

export interface Condition {
  type: string;
  state: ConditionState;
  message?: string;
  lastTransitionTime?: string;
  severity?: 'ERROR' | 'WARNING' | 'INFO';
  reason?: string;
  revisionReason?: string;
}

export interface Probe {
  initialDelaySeconds?: number;
  timeoutSeconds?: number;
  periodSeconds?: number;
  failureThreshold?: number;
  httpGet?: { path?: string; port?: number; httpHeaders?: { name: string; value?: string }[] };
  tcpSocket?: { port?: number };
  grpc?: object;
}

export interface EnvVar {
  name?: string;
  value?: string;
  valueSource?: { secretKeyRef?: { secret?: string; version?: string } };
}

export interface Container {
  name?: string;
  image?: string;
  command?: string[];
  args?: string[];
  env?: EnvVar[];
  resources?: { limits?: Record<string, string> };
  ports?: { name?: string; containerPort?: number }[];
  volumeMounts?: { name?: string; mountPath?: string; subPath?: string }[];
  workingDir?: string;
  startupProbe?: Probe;
  livenessProbe?: Probe;
}

export interface Volume {
  name?: string;
  cloudSqlInstance?: { instances?: string[] };
}

export interface RevisionTemplate {
  revision?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  scaling?: { minInstanceCount?: number; maxInstanceCount?: number };
  /** A protobuf Duration: `300s`. */
  timeout?: string;
  serviceAccount?: string;
  containers?: Container[];
  volumes?: Volume[];
  maxInstanceRequestConcurrency?: number;
  sessionAffinity?: boolean;
}

interface Resource {
  name: string;
  uid: string;
  /** int64 as text. */
  generation: string;
  observedGeneration?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  createTime: string;
  updateTime: string;
  deleteTime?: string;
  creator?: string;
  reconciling?: boolean;
  conditions?: Condition[];
  etag?: string;
}

/** What a user sets of a service. */
export interface ServiceSpec {
  description?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  client?: string;
  clientVersion?: string;
  ingress?: string;
  launchStage?: string;
  template?: RevisionTemplate;
  traffic?: TrafficTarget[];
  scaling?: object;
  invokerIamDisabled?: boolean;
  customAudiences?: string[];
  /** Carried along or refused, never looked into. */
  binaryAuthorization?: object;
  buildConfig?: object;
  defaultUriDisabled?: boolean;
  iapEnabled?: boolean;
  multiRegionSettings?: object;
}

export interface Service extends ServiceSpec, Resource {
  lastModifier?: string;
  terminalCondition?: Condition;
  latestReadyRevision?: string;
  latestCreatedRevision?: string;
  trafficStatuses?: TrafficTargetStatus[];
  uri?: string;
  urls?: string[];
}

export interface Revision extends Resource, Omit<RevisionTemplate, 'revision'> {
  /** Full name of the service. */
  service: string;
  logUri?: string;
}
