import type { CloudContext } from '../core/context.ts';
import { digestFile, openContentFiles, type ContentFiles } from './content-files.ts';
import { checkPreconditions, type Preconditions } from './preconditions.ts';
import type { Bucket, ObjectSettings, ObjectVersion } from './resources.ts';
import { StorageError } from './storage-error.ts';

/** All versions of one object, oldest first; the last one is live unless it has a `timeDeleted`. One row, so one write. */
interface Row {
  readonly versions: readonly ObjectVersion[];
}

export interface NewObject {
  readonly bucket: string;
  readonly name: string;
  readonly settings: ObjectSettings;
  /** A temporary file of `files`: it becomes the content, or is removed when the object is refused. */
  readonly temporary: string;
  readonly preconditions: Preconditions;
  /** Base64 checksums that the content must have. */
  readonly md5Hash?: string | undefined;
  readonly crc32c?: string | undefined;
  /** Set on a composed object, which has no MD5. */
  readonly componentCount?: number;
}

/** The objects of every bucket. Every call is one step: nothing else happens between its check and its write. */
export interface ObjectTable {
  readonly files: ContentFiles;
  /** The live version, or the one of that generation. */
  find(bucket: string, name: string, generation?: string): ObjectVersion | undefined;
  /** Every version in the order of names by their UTF-8 bytes, then of generations. */
  list(bucket: string): ObjectVersion[];
  create(object: NewObject): ObjectVersion;
  change(version: ObjectVersion, settings: ObjectSettings): ObjectVersion;
  /** Without a generation the live version goes (with versioning: becomes noncurrent); with one, that version for good. */
  remove(bucket: string, name: string, generation: string | undefined, preconditions: Preconditions): void;
}

export const isLive = ({ timeDeleted }: ObjectVersion): boolean => timeDeleted === undefined;

/** Sorts as the UTF-8 bytes of `name` do, which is Cloud Storage's order; JavaScript compares UTF-16 units. */
export const orderOf = (name: string): string => Buffer.from(name, 'utf8').toString('latin1');

function checkName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0) throw new StorageError('required', 'Required: the name of the object');
  // https://cloud.google.com/storage/docs/objects#naming
  if (
    bytes > 1024 ||
    /[\r\n]/.test(name) ||
    name === '.' ||
    name === '..' ||
    name.startsWith('.well-known/acme-challenge/')
  )
    throw new StorageError('invalid', `Invalid object name '${name.slice(0, 60)}'`);
}

export function openObjectTable(
  context: Pick<CloudContext, 'clock' | 'table' | 'folder'>,
  findBucket: (name: string) => Bucket,
  options: { rateLimit: boolean },
): ObjectTable {
  const rows = context.table<Row>('storage', 'objects');
  const counters = context.table<string>('storage', 'counters');
  const known = rows.values().flatMap(({ versions }) => versions.map(({ content }) => content.file));
  const files = openContentFiles(context.folder('storage', 'content'), new Set(known));
  const lastWrites = new Map<string, number>();

  const now = (): string => new Date(context.clock.now()).toISOString();
  const keyOf = (bucket: string, name: string): string => `${bucket}/${name}`;
  const versionsOf = (bucket: string, name: string): readonly ObjectVersion[] =>
    rows.get(keyOf(bucket, name))?.versions ?? [];
  const find = (bucket: string, name: string, generation?: string): ObjectVersion | undefined =>
    versionsOf(bucket, name).find((version) =>
      generation === undefined ? isLive(version) : version.generation === generation,
    );
  /** Microseconds of the clock, as Google's are, but never the same or a lower one again. */
  const nextGeneration = (): string => {
    const last = BigInt(counters.get('generation') ?? '0');
    const byTime = BigInt(Math.floor(context.clock.now())) * 1000n;
    const next = String(byTime > last ? byTime : last + 1n);
    counters.set('generation', next);
    return next;
  };
  const save = (bucket: string, name: string, versions: readonly ObjectVersion[]): void => {
    const key = keyOf(bucket, name);
    const before = versionsOf(bucket, name);
    if (versions.length > 0) rows.set(key, { versions });
    else rows.delete(key);
    const kept = new Set(versions.map(({ content }) => content.file));
    for (const { content } of before) if (!kept.has(content.file)) files.remove(content.file);
  };
  /** One write a second to one object. https://cloud.google.com/storage/quotas#objects */
  const checkRate = (bucket: string, name: string): void => {
    if (!options.rateLimit) return;
    const key = keyOf(bucket, name);
    const last = lastWrites.get(key);
    if (last !== undefined && context.clock.now() - last < 1000) {
      throw new StorageError(
        'rateLimitExceeded',
        `The object ${key} exceeded the rate limit for object mutation operations (create, update, and delete). Please reduce your request rate.`,
      );
    }
    lastWrites.set(key, context.clock.now());
  };
  /** What is left of the versions when the live one makes room: with versioning all of them, else none that was live. */
  const superseded = (bucket: string, name: string): ObjectVersion[] => {
    const keeps = findBucket(bucket).versioning?.enabled ?? false;
    return versionsOf(bucket, name).flatMap((version) => {
      if (!isLive(version)) return [version];
      return keeps ? [{ ...version, timeDeleted: now() }] : [];
    });
  };

  const create = ({
    bucket,
    name,
    settings,
    temporary,
    preconditions,
    componentCount,
    ...expected
  }: NewObject): ObjectVersion => {
    findBucket(bucket);
    checkName(name);
    checkPreconditions(preconditions, find(bucket, name), 'write');
    const { size, md5Hash, crc32c } = digestFile(temporary);
    const sums = { md5Hash, crc32c };
    for (const sum of ['md5Hash', 'crc32c'] as const) {
      const wanted = expected[sum];
      if (wanted !== undefined && wanted !== sums[sum])
        throw new StorageError(
          'invalid',
          `Provided ${sum} "${wanted}" doesn't match calculated ${sum} "${sums[sum]}".`,
        );
    }
    checkRate(bucket, name);
    const generation = nextGeneration();
    const time = now();
    const version: ObjectVersion = {
      bucket,
      name,
      generation,
      metageneration: '1',
      timeCreated: time,
      updated: time,
      settings: { ...settings, contentType: settings.contentType ?? 'application/octet-stream' },
      content: {
        file: files.keep(temporary, generation),
        size,
        crc32c,
        ...(componentCount === undefined ? { md5Hash } : { componentCount }),
      },
    };
    save(bucket, name, [...superseded(bucket, name), version]);
    return version;
  };

  return {
    files,
    find,
    list: (bucket) =>
      rows
        .values(`${bucket}/`)
        .flatMap(({ versions }) => versions)
        .map((version) => ({ version, order: orderOf(version.name) }))
        .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
        .map(({ version }) => version),
    create(object) {
      try {
        return create(object);
      } catch (error) {
        files.discard(object.temporary);
        throw error;
      }
    },
    change({ bucket, name, generation }, settings) {
      checkRate(bucket, name);
      let changed: ObjectVersion | undefined;
      const versions = versionsOf(bucket, name).map((version) => {
        if (version.generation !== generation) return version;
        const metageneration = String(BigInt(version.metageneration) + 1n);
        changed = { ...version, settings, metageneration, updated: now() };
        return changed;
      });
      if (!changed) throw new StorageError('notFound', `No such object: ${bucket}/${name}#${generation}`);
      save(bucket, name, versions);
      return changed;
    },
    remove(bucket, name, generation, preconditions) {
      const version = find(bucket, name, generation);
      if (!version) throw new StorageError('notFound', `No such object: ${bucket}/${name}`);
      checkPreconditions(preconditions, version, 'write');
      checkRate(bucket, name);
      save(
        bucket,
        name,
        generation === undefined
          ? superseded(bucket, name)
          : versionsOf(bucket, name).filter((other) => other.generation !== generation),
      );
    },
  };
}
