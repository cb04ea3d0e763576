import { z } from 'zod';
import type { Bucket } from './resources.ts';
import { StorageError } from './storage-error.ts';

const labels = z.record(z.string(), z.string().nullable()).nullable();

/** What the local cloud keeps of a bucket's settings. Only `versioning` has an effect here. */
const shape = {
  labels: labels.optional(),
  lifecycle: z.unknown().optional(),
  versioning: z.looseObject({ enabled: z.boolean().optional() }).nullable().optional(),
  iamConfiguration: z.unknown().optional(),
  cors: z.unknown().optional(),
  softDeletePolicy: z.unknown().optional(),
};

/** Refused by name rather than kept without effect. */
const unsupported = [
  'acl',
  'autoclass',
  'billing',
  'customPlacementConfig',
  'defaultEventBasedHold',
  'defaultObjectAcl',
  'encryption',
  'hierarchicalNamespace',
  'ipFilter',
  'logging',
  'objectRetention',
  'retentionPolicy',
  'website',
];

const newBucketSchema = z.looseObject({
  ...shape,
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/, 'a bucket name has 3 to 63 of a-z, 0-9, -, _ and .'),
  location: z.string().optional(),
  storageClass: z.string().optional(),
});
const changeSchema = z.looseObject({ ...shape, storageClass: z.string().optional() });

type Settings = Pick<
  Bucket,
  'labels' | 'lifecycle' | 'versioning' | 'iamConfiguration' | 'cors' | 'softDeletePolicy'
>;

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success)
    throw new StorageError('invalid', `Invalid bucket: ${z.prettifyError(parsed.error)}`, {
      cause: parsed.error,
    });
  const field = unsupported.find((name) => {
    const value = (body as Record<string, unknown>)[name];
    return value !== undefined && value !== null && value !== false;
  });
  if (field !== undefined)
    throw new StorageError(
      'notImplemented',
      `'${field}' of Cloud Storage's buckets is not part of the local cloud`,
    );
  return parsed.data;
}

/** `current` with what is given; null clears, labels are merged one by one. */
function merge(current: Settings, given: z.infer<typeof changeSchema>): Settings {
  const changed = Object.fromEntries(
    Object.keys(shape).flatMap((name) => (name in given ? [[name, given[name] ?? undefined]] : [])),
  );
  const kept =
    given.labels === null
      ? []
      : Object.entries({ ...current.labels, ...given.labels }).filter(
          (pair): pair is [string, string] => pair[1] !== null,
        );
  return { ...current, ...changed, labels: kept.length > 0 ? Object.fromEntries(kept) : undefined };
}

export function newBucket(body: unknown, project: string, now: string): Bucket {
  const given = parse(newBucketSchema, body);
  return {
    name: given.name,
    project,
    timeCreated: now,
    updated: now,
    metageneration: '1',
    location: (given.location ?? 'US').toUpperCase(),
    storageClass: given.storageClass ?? 'STANDARD',
    ...merge(
      {
        iamConfiguration: {
          uniformBucketLevelAccess: { enabled: true },
          publicAccessPrevention: 'inherited',
        },
      },
      given,
    ),
  };
}

export function patchBucket(current: Bucket, body: unknown, now: string): Bucket {
  const given = parse(changeSchema, body);
  return {
    ...current,
    ...merge(current, given),
    storageClass: given.storageClass ?? current.storageClass,
    updated: now,
    metageneration: String(BigInt(current.metageneration) + 1n),
  };
}
