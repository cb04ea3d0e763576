import { z } from 'zod';
import type { ObjectSettings } from './resources.ts';
import { StorageError } from './storage-error.ts';

const text = z.string().optional();
const custom = z.record(z.string(), z.string());

/** What Cloud Storage has and the local cloud has not: refused by name rather than kept without effect. */
const unsupported = ['acl', 'eventBasedHold', 'temporaryHold', 'kmsKeyName', 'retention', 'contexts'];

const settingsShape = {
  contentType: text,
  contentEncoding: text,
  contentDisposition: text,
  contentLanguage: text,
  cacheControl: text,
  customTime: z.iso.datetime({ offset: true }).optional(),
};

/** The body of an upload or of a full update; what the server sets itself is let through and ignored, as by Google. */
const objectSchema = z.looseObject({
  ...settingsShape,
  name: text,
  metadata: custom.optional(),
  md5Hash: text,
  crc32c: text,
});

/** The body of a patch: null clears, and custom metadata is merged key by key. */
const patchSchema = z.looseObject({
  ...Object.fromEntries(Object.entries(settingsShape).map(([name, schema]) => [name, schema.nullable()])),
  metadata: z.record(z.string(), z.string().nullable()).nullable().optional(),
});

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success)
    throw new StorageError('invalid', `Invalid object: ${z.prettifyError(parsed.error)}`, {
      cause: parsed.error,
    });
  const field = unsupported.find((name) => {
    const value = (body as Record<string, unknown>)[name];
    return value !== undefined && value !== null && value !== false;
  });
  if (field !== undefined)
    throw new StorageError('notImplemented', `'${field}' of Cloud Storage is not part of the local cloud`);
  return parsed.data;
}

export interface GivenObject {
  readonly name: string | undefined;
  readonly settings: ObjectSettings;
  readonly md5Hash: string | undefined;
  readonly crc32c: string | undefined;
}

/** The object that `body` describes. `invalid` (400) names the field that is wrong. */
export function readObject(body: unknown): GivenObject {
  const { name, md5Hash, crc32c, ...rest } = parse(objectSchema, body);
  return { name, md5Hash, crc32c, settings: onlySettings(rest) };
}

function onlySettings(given: ObjectSettings): ObjectSettings {
  const {
    contentType,
    contentEncoding,
    contentDisposition,
    contentLanguage,
    cacheControl,
    customTime,
    metadata,
  } = given;
  return {
    contentType,
    contentEncoding,
    contentDisposition,
    contentLanguage,
    cacheControl,
    customTime,
    metadata,
  };
}

/** What `current` becomes under the patch `body`. */
export function patchSettings(current: ObjectSettings, body: unknown): ObjectSettings {
  const { metadata, ...given } = parse(patchSchema, body);
  const changed = Object.fromEntries(
    Object.keys(settingsShape).flatMap((name) => (name in given ? [[name, given[name] ?? undefined]] : [])),
  );
  return onlySettings({
    ...current,
    ...changed,
    ...(metadata === undefined ? {} : { metadata: mergeCustom(current.metadata, metadata) }),
  });
}

function mergeCustom(
  current: Record<string, string> = {},
  patch: Record<string, string | null> | null,
): Record<string, string> | undefined {
  if (patch === null) return undefined;
  const merged = Object.entries({ ...current, ...patch }).filter(
    (pair): pair is [string, string] => pair[1] !== null,
  );
  return merged.length > 0 ? Object.fromEntries(merged) : undefined;
}
