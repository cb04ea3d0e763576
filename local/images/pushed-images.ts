import type { Clock } from '../core/clock.ts';
import type { Table } from '../core/state.ts';

/** An image that was pushed: by its name and digest, with the tags that point to it now. */
export interface PushedImage {
  /** `<location>-docker.pkg.dev/<project>/<repository>/<image>`. */
  readonly name: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly uploadedMs: number;
  readonly updatedMs: number;
}

/** What the registry knows. Every change is on the disk when the call returns. */
export interface PushedImages {
  /** By a tag, or a digest. */
  find(name: string, reference: string): PushedImage | undefined;
  /** Points `tag` (when given) to the digest; another image of the name loses it. */
  push(name: string, digest: string, tag: string | undefined): void;
  /** The images of which the name begins with `prefix`, the one pushed last at the end. */
  list(prefix?: string): PushedImage[];
}

export function createPushedImages(table: Table<PushedImage>, clock: Clock): PushedImages {
  const list = (prefix = ''): PushedImage[] => table.values(prefix).sort((a, b) => a.updatedMs - b.updatedMs);
  const keyOf = ({ name, digest }: Pick<PushedImage, 'name' | 'digest'>): string => `${name}@${digest}`;
  return {
    list,
    find: (name, reference) =>
      reference.startsWith('sha256:')
        ? table.get(`${name}@${reference}`)
        : list(`${name}@`).findLast(({ tags }) => tags.includes(reference)),
    push(name, digest, tag) {
      const now = clock.now();
      const known = table.get(`${name}@${digest}`);
      const tags = new Set([...(known?.tags ?? []), ...(tag === undefined ? [] : [tag])]);
      table.set(`${name}@${digest}`, {
        name,
        digest,
        tags: [...tags],
        uploadedMs: known?.uploadedMs ?? now,
        updatedMs: now,
      });
      for (const other of list(`${name}@`)) {
        if (tag === undefined || other.digest === digest || !other.tags.includes(tag)) continue;
        table.set(keyOf(other), { ...other, tags: other.tags.filter((each) => each !== tag) });
      }
    },
  };
}
