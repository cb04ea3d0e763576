import type { CloudRun, RunService } from '../platform/cloud-run.ts';

/**
 * The revisions in a service's traffic that did not start. One of them, be it at 0 % behind a tag, is enough for Cloud
 * Run to refuse the whole traffic. Looked up only where the service says that something is wrong.
 */
export async function failedRevisions(
  run: CloudRun,
  name: string,
  service: RunService | undefined,
): Promise<ReadonlySet<string>> {
  if (service?.failure === undefined) return new Set();
  const named = new Set(
    service.traffic.flatMap(({ revision }) => (revision === undefined ? [] : [revision])),
  );
  const failed = await Promise.all(
    [...named].map(async (revision) => {
      const found = await run.revision(name, revision);
      return !found || found.ready === 'no' ? [revision] : [];
    }),
  );
  return new Set(failed.flat());
}
