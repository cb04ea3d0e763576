import type { CloudContext } from '../core/context.ts';
import type { Bucket } from './resources.ts';
import { StorageError } from './storage-error.ts';

export interface BucketTable {
  /** `notFound` when there is none. */
  find(name: string): Bucket;
  exists(name: string): boolean;
  list(project: string): Bucket[];
  save(bucket: Bucket): Bucket;
  remove(name: string): void;
}

export function openBucketTable(context: Pick<CloudContext, 'table'>): BucketTable {
  const rows = context.table<Bucket>('storage', 'buckets');
  return {
    find(name) {
      const bucket = rows.get(name);
      if (!bucket) throw new StorageError('notFound', `The specified bucket does not exist: ${name}`);
      return bucket;
    },
    exists: (name) => rows.get(name) !== undefined,
    list: (project) => rows.values().filter((bucket) => bucket.project === project),
    save(bucket) {
      rows.set(bucket.name, bucket);
      return bucket;
    },
    remove(name) {
      rows.delete(name);
    },
  };
}
