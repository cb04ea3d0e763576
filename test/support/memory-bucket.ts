import type { Bucket } from '../../functions/platform/cloud-storage.ts';

export interface MemoryBucket extends Bucket {
  /** What stands, for a test to look at or to take away. */
  readonly objects: Map<string, { readonly text: string; readonly generation: string }>;
}

/** A bucket that keeps what Cloud Storage promises: strong consistency, and a new generation at each write. */
export function memoryBucket(): MemoryBucket {
  const objects: MemoryBucket['objects'] = new Map();
  let generations = 0;
  const put = (object: string, text: string): string => {
    const generation = String((generations += 1));
    objects.set(object, { text, generation });
    return generation;
  };
  return {
    objects,
    name: 'state',
    read: async (object) => objects.get(object),
    writeIf: async (object, text, generation) =>
      (objects.get(object)?.generation ?? '0') === generation ? put(object, text) : undefined,
    async write(object, content) {
      put(object, typeof content === 'string' ? content : Buffer.from(content).toString());
    },
    async remove(object, generation) {
      if (generation === undefined || objects.get(object)?.generation === generation) objects.delete(object);
    },
    list: async (prefix) => [...objects.keys()].filter((name) => name.startsWith(prefix)).sort(),
  };
}
