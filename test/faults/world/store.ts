import type { Bucket, StoredObject } from '../../../functions/platform/cloud-storage.ts';
import { errors, type Invocation } from './processes.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Sees each write: `before` undefined where the object is new, `after` where it was deleted. */
export type WriteWatcher = (
  object: string,
  before: string | undefined,
  after: string | undefined,
  by: string,
) => void;

export interface Store {
  /** The bucket as one piece of work sees it. */
  bucket(invocation: Invocation): Bucket;
  /** What stands, for those who check. */
  text(object: string): string | undefined;
  names(prefix: string): string[];
  /** When the object was written last, in true time. */
  writtenAt(object: string): number | undefined;
}

interface Standing extends StoredObject {
  readonly writtenAt: number;
}

/** A bucket whose writes are conditional, as Cloud Storage keeps it: strongly consistent, a generation a write. */
export function createStore(clock: VirtualClock, trace: Trace, watch: WriteWatcher): Store {
  const objects = new Map<string, Standing>();
  let generations = 1_000;

  const put = (object: string, text: string, by: string): string => {
    const before = objects.get(object)?.text;
    generations += 1;
    objects.set(object, { text, generation: String(generations), writtenAt: clock.now() });
    trace(`${by} writes ${object} as ${generations}`);
    watch(object, before, text, by);
    return String(generations);
  };
  const names = (prefix: string): string[] =>
    [...objects.keys()].filter((name) => name.startsWith(prefix)).sort();

  return {
    text: (object) => objects.get(object)?.text,
    writtenAt: (object) => objects.get(object)?.writtenAt,
    names,
    bucket: (invocation) => ({
      name: 'state',
      read: (object) =>
        invocation.call(`read ${object}`, () => {
          invocation.readAt.set(object, clock.now());
          const standing = objects.get(object);
          return standing && { text: standing.text, generation: standing.generation };
        }),
      // A lost answer is no conflict here: the adapter marks its writes and recognises its own.
      writeIf: (object, text, generation) =>
        invocation.call(
          `write ${object}`,
          () =>
            (objects.get(object)?.generation ?? '0') === generation
              ? put(object, text, invocation.key)
              : undefined,
          errors,
        ),
      write: (object, content) =>
        invocation.call(`write ${object}`, () => {
          put(
            object,
            typeof content === 'string' ? content : Buffer.from(content).toString(),
            invocation.key,
          );
        }),
      remove: (object, generation) =>
        invocation.call(`remove ${object}`, () => {
          const standing = objects.get(object);
          if (!standing || (generation !== undefined && standing.generation !== generation)) return;
          objects.delete(object);
          trace(`${invocation.key} removes ${object}`);
          watch(object, standing.text, undefined, invocation.key);
        }),
      list: (prefix) => invocation.call(`list ${prefix}`, () => names(prefix), errors),
    }),
  };
}
