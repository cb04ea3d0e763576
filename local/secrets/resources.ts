/** The resources of google.cloud.secretmanager.v1 as canonical proto3 JSON, as far as the local cloud carries them out. */

export interface Secret {
  name: string;
  replication?: { automatic?: object; userManaged?: object };
  createTime: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** Version numbers by alias. */
  versionAliases?: Record<string, string>;
  etag: string;
}

export interface SecretVersion {
  name: string;
  createTime: string;
  destroyTime?: string;
  state: 'ENABLED' | 'DISABLED' | 'DESTROYED';
  replicationStatus?: { automatic?: object };
  etag: string;
  clientSpecifiedPayloadChecksum?: boolean;
}

/** What is kept of a version; the payload itself is in a file of its own. */
export interface StoredVersion {
  readonly version: SecretVersion;
  /** Undefined once destroyed. */
  readonly payloadFile?: string;
}
