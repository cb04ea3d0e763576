import type { BuildStep } from '../../functions/platform/cloud-build.ts';
import { printable } from '../cli/style.ts';
import { expectOk, type GoogleApi } from '../../functions/platform/google-api.ts';

const linePattern = /^(Starting|Finished) Step #(\d+)/;

/**
 * The steps of a running build, told from its log: Cloud Build itself writes their status only at the build's end.
 * What has finished is shown as passed until then, because the log does not say how it ended.
 */
export function stepProgress(steps: readonly BuildStep[], lines: readonly string[]): BuildStep[] {
  const seen = new Map<number, BuildStep['status']>();
  for (const line of lines) {
    const [, verb, index] = linePattern.exec(line) ?? [];
    if (verb !== undefined) seen.set(Number(index), verb === 'Starting' ? 'WORKING' : 'SUCCESS');
  }
  return steps.map((step, index) => ({
    ...step,
    id: printable(step.id),
    status: seen.get(index) ?? step.status,
  }));
}

/** The lines about steps in a build's log, oldest first. */
export async function stepLines(api: GoogleApi, project: string, buildId: string): Promise<string[]> {
  const filter = `log_id("cloudbuild") AND resource.type="build" AND resource.labels.build_id="${buildId}" AND textPayload=~"^(Starting|Finished) Step"`;
  const response = await api.request('logging', '/v2/entries:list', {
    method: 'POST',
    json: { resourceNames: [`projects/${project}`], filter, orderBy: 'timestamp asc', pageSize: 1000 },
  });
  await expectOk(response, `reading the log of build ${buildId}`);
  const { entries = [] } = (await response.json()) as { entries?: { textPayload?: string }[] };
  return entries.map(({ textPayload = '' }) => textPayload);
}
