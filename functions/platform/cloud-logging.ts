import { expectOk, type GoogleApi } from './google-api.ts';

/** What a revision's container and the platform said about it, oldest first. */
export interface RevisionLog {
  /** Lines of the platform (`Container called exit(1).`). */
  readonly system: readonly { readonly at: string; readonly text: string }[];
  /** Lines that the container wrote. They may hold anything, secrets too: for reading facts out of, never for quoting. */
  readonly container: readonly string[];
}

export interface CloudLogging {
  /** The newest lines of one revision, at most `limit`. */
  revision(service: string, revision: string, limit: number): Promise<RevisionLog>;
}

interface Entry {
  logName?: string;
  timestamp?: string;
  textPayload?: string;
  jsonPayload?: { message?: unknown };
}

export function openLogging(api: GoogleApi, project: string): CloudLogging {
  return {
    async revision(service, revision, limit) {
      const filter = [
        'resource.type="cloud_run_revision"',
        `resource.labels.service_name="${service}"`,
        `resource.labels.revision_name="${revision}"`,
        '(log_id("run.googleapis.com/varlog/system") OR log_id("run.googleapis.com/stdout") OR log_id("run.googleapis.com/stderr"))',
      ].join(' AND ');
      const response = await api.request('logging', '/v2/entries:list', {
        method: 'POST',
        json: { resourceNames: [`projects/${project}`], filter, orderBy: 'timestamp desc', pageSize: limit },
      });
      await expectOk(response, `reading the log of ${revision}`);
      const entries = (((await response.json()) as { entries?: Entry[] }).entries ?? []).reverse();
      const isSystem = ({ logName = '' }: Entry): boolean =>
        decodeURIComponent(logName).endsWith('/varlog/system');
      return {
        system: entries
          .filter(isSystem)
          .map(({ timestamp = '', textPayload = '' }) => ({ at: timestamp, text: textPayload })),
        container: entries
          .filter((entry) => !isSystem(entry))
          .map(
            ({ textPayload, jsonPayload }) =>
              textPayload ?? (typeof jsonPayload?.message === 'string' ? jsonPayload.message : ''),
          ),
      };
    },
  };
}
