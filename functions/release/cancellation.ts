import { z } from 'zod';
import type { OngoingBuilds } from '../platform/cloud-build.ts';
import type { Bucket } from '../platform/cloud-storage.ts';
import { objects } from './naming.ts';

const cancellation = z.object({
  /** Id of the build in whose favour it was. */
  by: z.string(),
  /** That build's. */
  commit: z.string(),
});
/** Why the pipeline has cancelled a build. Cloud Build itself does not say who has cancelled one. */
export type Cancellation = z.infer<typeof cancellation>;

/** Undefined when it was not the pipeline. */
export async function readCancellation(bucket: Bucket, buildId: string): Promise<Cancellation | undefined> {
  const stored = await bucket.read(objects.cancelled(buildId));
  return stored && cancellation.parse(JSON.parse(stored.text));
}

/**
 * Cancels a build in favour of another. The note comes first: whoever sees the build cancelled finds it. Of several the
 * first one stands; and it says nothing about a build that ends in another way all the same.
 */
export async function cancelFor(
  { bucket, builds }: { readonly bucket: Bucket; readonly builds: Pick<OngoingBuilds, 'cancel'> },
  build: { readonly id: string; readonly name: string },
  by: Cancellation,
): Promise<'asked' | 'ended'> {
  await bucket.writeIf(objects.cancelled(build.id), JSON.stringify(by), '0');
  return builds.cancel(build.name);
}
