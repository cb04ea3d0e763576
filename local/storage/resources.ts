/** A bucket of the JSON API, without what is derived from its name. */
export interface Bucket {
  name: string;
  /** The id of its project. */
  project: string;
  timeCreated: string;
  updated: string;
  metageneration: string;
  location: string;
  storageClass: string;
  labels?: Record<string, string> | undefined;
  /** Kept and answered; the local cloud does not carry lifecycle rules out. */
  lifecycle?: unknown;
  versioning?: { enabled?: boolean | undefined } | undefined;
  iamConfiguration?: unknown;
  cors?: unknown;
  softDeletePolicy?: unknown;
}

/** What a client may say about an object. */
export interface ObjectSettings {
  contentType?: string | undefined;
  contentEncoding?: string | undefined;
  contentDisposition?: string | undefined;
  contentLanguage?: string | undefined;
  cacheControl?: string | undefined;
  customTime?: string | undefined;
  metadata?: Record<string, string> | undefined;
}

export interface Content {
  /** The file below the content folder. */
  readonly file: string;
  readonly size: number;
  /** Base64; a composed object has none. */
  readonly md5Hash?: string;
  /** Base64 of the big-endian CRC-32C. */
  readonly crc32c: string;
  readonly componentCount?: number;
}

/** One version of an object. Its content never changes; its settings do, and count in `metageneration`. */
export interface ObjectVersion {
  readonly bucket: string;
  readonly name: string;
  readonly generation: string;
  readonly metageneration: string;
  readonly timeCreated: string;
  readonly updated: string;
  /** Since when it is no longer the live version. */
  readonly timeDeleted?: string;
  readonly settings: ObjectSettings;
  readonly content: Content;
}

const etagOf = (...parts: string[]): string => Buffer.from(parts.join('/')).toString('base64');

export function bucketResource(origin: string, bucket: Bucket, projectNumber: string): object {
  return {
    kind: 'storage#bucket',
    id: bucket.name,
    selfLink: `${origin}/storage/v1/b/${bucket.name}`,
    projectNumber,
    etag: etagOf(bucket.metageneration),
    locationType: bucket.location.includes('-') ? 'region' : 'multi-region',
    ...bucket,
    // A bucket names its project by number alone.
    project: undefined,
  };
}

export function objectResource(origin: string, version: ObjectVersion): object {
  const { bucket, name, generation, metageneration, timeCreated, updated, timeDeleted, settings, content } =
    version;
  const place = `storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    selfLink: `${origin}/${place}`,
    mediaLink: `${origin}/download/${place}?generation=${generation}&alt=media`,
    name,
    bucket,
    generation,
    metageneration,
    storageClass: 'STANDARD',
    size: String(content.size),
    ...(content.md5Hash === undefined ? {} : { md5Hash: content.md5Hash }),
    crc32c: content.crc32c,
    ...(content.componentCount === undefined ? {} : { componentCount: content.componentCount }),
    etag: objectEtag(version),
    timeCreated,
    updated,
    timeFinalized: timeCreated,
    timeStorageClassUpdated: timeCreated,
    ...(timeDeleted === undefined ? {} : { timeDeleted }),
    ...settings,
  };
}

export const objectEtag = ({ generation, metageneration }: ObjectVersion): string =>
  etagOf(generation, metageneration);
