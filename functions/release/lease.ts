import type { Bucket } from '../platform/cloud-storage.ts';

/** The right to do one long piece of work alone. It runs out by itself when its holder dies. */
export interface Lease {
  /** Holds it for `seconds` from now; false when it ran out and somebody else has taken it. */
  renew(seconds: number): Promise<boolean>;
  release(): Promise<void>;
}

const expiresAt = (text: string): number => (JSON.parse(text) as { expiresAt: number }).expiresAt;

/** The lease, or undefined while somebody else holds it. `now` in milliseconds since the epoch. */
export async function takeLease(
  bucket: Bucket,
  object: string,
  seconds: number,
  now: () => number,
): Promise<Lease | undefined> {
  const standing = await bucket.read(object);
  if (standing && expiresAt(standing.text) > now()) return undefined;
  const content = (held: number): string => JSON.stringify({ expiresAt: now() + held * 1000 });
  let generation = await bucket.writeIf(object, content(seconds), standing?.generation ?? '0');
  if (generation === undefined) return undefined;
  return {
    async renew(held) {
      if (generation !== undefined) generation = await bucket.writeIf(object, content(held), generation);
      return generation !== undefined;
    },
    async release() {
      if (generation !== undefined) await bucket.remove(object, generation);
    },
  };
}
