import type { Bucket } from '../platform/cloud-storage.ts';

/** The right to do one long piece of work alone. It runs out by itself when its holder dies. */
export interface Lease {
  renew(): Promise<void>;
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
  const content = (): string => JSON.stringify({ expiresAt: now() + seconds * 1000 });
  let generation = await bucket.writeIf(object, content(), standing?.generation ?? '0');
  if (generation === undefined) return undefined;
  return {
    async renew() {
      if (generation !== undefined) generation = await bucket.writeIf(object, content(), generation);
    },
    async release() {
      if (generation !== undefined) await bucket.remove(object, generation);
    },
  };
}
