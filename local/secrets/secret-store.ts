import { createHash } from 'node:crypto';
import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import { openPayloadFiles } from './payload-files.ts';
import type { Secret, SecretVersion, StoredVersion } from './resources.ts';

/** Secrets and their versions. Names may carry the project's id or its number; stored and answered is the number. */
export interface SecretStore {
  /** `projects/p[/locations/l]/…` with the project's number, as Secret Manager answers it. */
  canonical(name: string): string;
  find(name: string): Secret;
  exists(name: string): boolean;
  /** Below `projects/p` or `projects/p/locations/l`. */
  list(parent: string): Secret[];
  save(secret: Omit<Secret, 'etag'>): Secret;
  remove(name: string): void;
  /** The version that `…/versions/<number>|latest|<alias>` names. */
  version(name: string): SecretVersion;
  /** Newest first. */
  versions(secret: string): SecretVersion[];
  add(secret: string, payload: Buffer, hasChecksum: boolean): SecretVersion;
  /** Takes over a new state; DESTROYED takes the payload off the disk. */
  change(name: string, state: SecretVersion['state']): SecretVersion;
  /** FAILED_PRECONDITION unless the version is enabled. */
  access(name: string): { version: SecretVersion; payload: Buffer };
}

/** The etag of what `value` says, whatever etag it had before. */
const etagOf = (value: object): string =>
  `"${createHash('sha256')
    .update(JSON.stringify({ ...value, etag: '' }))
    .digest('hex')
    .slice(0, 16)}"`;

const numberOf = (name: string): number => Number(name.slice(name.lastIndexOf('/') + 1));

export function createSecretStore(
  context: Pick<CloudContext, 'clock' | 'table' | 'folder' | 'projectId' | 'projectNumber'>,
): SecretStore {
  const secrets = context.table<Secret>('secrets', 'secrets');
  const versions = context.table<StoredVersion>('secrets', 'versions');
  // A run that was killed while it deleted a secret has left versions that must not come back with its name.
  for (const name of versions.entries().map(([key]) => key)) {
    if (!secrets.get(name.slice(0, name.lastIndexOf('/versions/')))) versions.delete(name);
  }
  const known = versions
    .values()
    .flatMap(({ payloadFile }) => (payloadFile === undefined ? [] : [payloadFile]));
  const files = openPayloadFiles(context.folder('secrets', 'payloads'), new Set(known));

  const canonical = (name: string): string => {
    const own = `projects/${context.projectId}`;
    return name === own || name.startsWith(`${own}/`)
      ? `projects/${context.projectNumber}${name.slice(own.length)}`
      : name;
  };
  const find = (name: string): Secret => {
    const secret = secrets.get(canonical(name));
    if (!secret) throw new ApiError('NOT_FOUND', `Secret [${canonical(name)}] not found.`);
    return secret;
  };
  const stored = (secret: string): StoredVersion[] =>
    versions
      .values(`${canonical(secret)}/versions/`)
      .sort((a, b) => numberOf(b.version.name) - numberOf(a.version.name));
  const findVersion = (given: string): StoredVersion => {
    const name = canonical(given);
    const at = name.lastIndexOf('/versions/');
    const secret = find(name.slice(0, at));
    const id = name.slice(at + '/versions/'.length);
    // `latest` is the newest one, enabled or not.
    const found =
      id === 'latest'
        ? stored(secret.name)[0]
        : versions.get(`${secret.name}/versions/${secret.versionAliases?.[id] ?? id}`);
    if (!found) throw new ApiError('NOT_FOUND', `Secret Version [${name}] not found.`);
    return found;
  };
  const put = (version: SecretVersion, payloadFile?: string): SecretVersion => {
    const saved: SecretVersion = { ...version, etag: etagOf(version) };
    versions.set(saved.name, { version: saved, ...(payloadFile === undefined ? {} : { payloadFile }) });
    return saved;
  };

  return {
    canonical,
    find,
    exists: (name) => secrets.get(canonical(name)) !== undefined,
    list: (parent) => secrets.values(`${canonical(parent)}/secrets/`),
    save(secret) {
      const saved = { ...secret, etag: etagOf(secret) };
      secrets.set(saved.name, saved);
      return saved;
    },
    remove(name) {
      const secret = find(name);
      // The secret goes first: versions without one are out of reach should the rest not be reached.
      secrets.delete(secret.name);
      for (const { version, payloadFile } of stored(secret.name)) {
        versions.delete(version.name);
        if (payloadFile !== undefined) files.remove(payloadFile);
      }
    },
    version: (name) => findVersion(name).version,
    versions: (secret) => stored(find(secret).name).map(({ version }) => version),
    add(given, payload, hasChecksum) {
      const secret = find(given);
      const number =
        stored(secret.name).reduce((max, { version }) => Math.max(max, numberOf(version.name)), 0) + 1;
      return put(
        {
          name: `${secret.name}/versions/${number}`,
          createTime: timestamp(context.clock),
          state: 'ENABLED',
          ...(secret.replication?.automatic ? { replicationStatus: { automatic: {} } } : {}),
          etag: '',
          ...(hasChecksum ? { clientSpecifiedPayloadChecksum: true } : {}),
        },
        files.write(payload),
      );
    },
    change(name, state) {
      const { version, payloadFile } = findVersion(name);
      if (version.state === 'DESTROYED') {
        throw new ApiError(
          'FAILED_PRECONDITION',
          `Secret Version [${version.name}] is already in DESTROYED state.`,
        );
      }
      if (state !== 'DESTROYED') return put({ ...version, state }, payloadFile);
      const destroyed = put({ ...version, state, destroyTime: timestamp(context.clock) });
      if (payloadFile !== undefined) files.remove(payloadFile);
      return destroyed;
    },
    access(name) {
      const { version, payloadFile } = findVersion(name);
      if (version.state !== 'ENABLED' || payloadFile === undefined)
        throw new ApiError(
          'FAILED_PRECONDITION',
          `Secret Version [${version.name}] is in ${version.state} state.`,
        );
      return { version, payload: files.read(payloadFile) };
    },
  };
}
