import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import { crc32c } from '../core/crc32c.ts';
import { applyFieldMask } from '../core/field-mask.ts';
import { pageOf } from '../core/page.ts';
import type { Methods } from '../core/proto-routes.ts';
import type { Secret, SecretVersion } from './resources.ts';
import type { SecretStore } from './secret-store.ts';

const largestPayloadBytes = 65_536;
const mutable = ['labels', 'annotations', 'versionAliases'] as const;

/** What Secret Manager has and the local cloud has not: refused by name rather than kept without effect. */
const unsupported = [
  'topics',
  'expireTime',
  'ttl',
  'rotation',
  'versionDestroyTtl',
  'customerManagedEncryption',
  'tags',
];

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

function refuseUnsupported(secret: object): void {
  const field = unsupported.find((name) => {
    const value = (secret as Record<string, unknown>)[name];
    // Clients send unset lists and maps as empty ones.
    return (
      value !== undefined && (typeof value !== 'object' || value === null || Object.keys(value).length > 0)
    );
  });
  if (field !== undefined)
    throw new ApiError('UNIMPLEMENTED', `'${field}' of Secret Manager is not part of the local cloud`);
}

function checkEtag(given: string | undefined, { etag, name }: { etag: string; name: string }): void {
  if (given !== undefined && given !== '' && given !== etag)
    throw new ApiError(
      'FAILED_PRECONDITION',
      `The etag given for [${name}] is not its etag any more; read it again`,
    );
}

interface ListRequest {
  parent: string;
  pageSize?: number;
  pageToken?: string;
  filter?: string;
}

function refuseFilter(filter: string | undefined): void {
  if (filter !== undefined && filter !== '')
    throw new ApiError('UNIMPLEMENTED', "'filter' of Secret Manager's lists is not part of the local cloud");
}

/** google.cloud.secretmanager.v1.SecretManagerService, global and regional. Payloads are never logged. */
export function secretManagerMethods(context: Pick<CloudContext, 'clock'>, store: SecretStore): Methods {
  const change =
    (state: SecretVersion['state']) =>
    ({ name, etag }: { name: string; etag?: string }): SecretVersion => {
      checkEtag(etag, store.version(name));
      return store.change(name, state);
    };
  const checkAliases = ({ name, versionAliases = {} }: Omit<Secret, 'etag'>): void => {
    for (const [alias, number] of Object.entries(versionAliases)) {
      if (!/^[A-Za-z][\w-]{0,62}$/.test(alias) || alias === 'latest')
        throw invalid(`Invalid version alias '${alias}'`);
      store.version(`${name}/versions/${number}`);
    }
  };
  return {
    CreateSecret({
      parent,
      secretId = '',
      secret,
    }: {
      parent: string;
      secretId?: string;
      secret?: Partial<Secret>;
    }) {
      if (!/^[\w-]{1,255}$/.test(secretId))
        throw invalid(`Invalid secret_id '${secretId}': letters, digits, - and _, at most 255`);
      const given = secret ?? {};
      refuseUnsupported(given);
      const isRegional = parent.includes('/locations/');
      if (!isRegional && !given.replication?.automatic && !given.replication?.userManaged)
        throw invalid('Secret.replication is required for a global secret: automatic or user_managed');
      const name = `${store.canonical(parent)}/secrets/${secretId}`;
      if (store.exists(name)) throw new ApiError('ALREADY_EXISTS', `Secret [${name}] already exists.`);
      if (Object.keys(given.versionAliases ?? {}).length > 0)
        throw invalid('A new secret has no versions to give aliases to');
      const { labels = {}, annotations = {} } = given;
      return store.save({
        name,
        createTime: timestamp(context.clock),
        ...(isRegional || !given.replication ? {} : { replication: given.replication }),
        ...(Object.keys(labels).length > 0 ? { labels } : {}),
        ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      });
    },
    GetSecret: ({ name }: { name: string }) => store.find(name),
    ListSecrets({ parent, filter, ...request }: ListRequest) {
      refuseFilter(filter);
      const all = store.list(parent);
      const { page, ...next } = pageOf(all, ({ name }) => name, request, 25_000);
      return { secrets: page, ...next, totalSize: all.length };
    },
    UpdateSecret({
      secret,
      updateMask,
    }: {
      secret: Partial<Secret> & { name: string };
      updateMask?: string;
    }) {
      refuseUnsupported(secret);
      const current = store.find(secret.name);
      checkEtag(secret.etag, current);
      const changed = applyFieldMask(current, secret, updateMask, mutable);
      checkAliases(changed);
      return store.save(changed);
    },
    DeleteSecret({ name, etag }: { name: string; etag?: string }) {
      checkEtag(etag, store.find(name));
      store.remove(name);
      return {};
    },
    AddSecretVersion(request: { parent: string; payload?: { data?: string; dataCrc32c?: string } }) {
      const { data = '', dataCrc32c } = request.payload ?? {};
      const payload = Buffer.from(data, 'base64');
      if (payload.length === 0) throw invalid('The secret payload is empty');
      if (payload.length > largestPayloadBytes)
        throw invalid(`The secret payload is larger than ${largestPayloadBytes} bytes`);
      if (dataCrc32c !== undefined && dataCrc32c !== String(crc32c(payload)))
        throw invalid('The CRC32C given for the secret payload is not that of the payload received');
      return store.add(request.parent, payload, dataCrc32c !== undefined);
    },
    AccessSecretVersion({ name }: { name: string }) {
      const { version, payload } = store.access(name);
      return {
        name: version.name,
        payload: { data: payload.toString('base64'), dataCrc32c: String(crc32c(payload)) },
      };
    },
    GetSecretVersion: ({ name }: { name: string }) => store.version(name),
    ListSecretVersions({ parent, filter, ...request }: ListRequest) {
      refuseFilter(filter);
      const all = store.versions(parent);
      // Newest first, so the key of a page must fall as the number rises.
      const keyOf = ({ name }: SecretVersion): string =>
        String(Number.MAX_SAFE_INTEGER - Number(name.split('/').at(-1))).padStart(16, '0');
      const { page, ...next } = pageOf(all, keyOf, request, 25_000);
      return { versions: page, ...next, totalSize: all.length };
    },
    EnableSecretVersion: change('ENABLED'),
    DisableSecretVersion: change('DISABLED'),
    DestroySecretVersion: change('DESTROYED'),
  };
}
