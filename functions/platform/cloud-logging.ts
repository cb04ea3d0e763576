import { expectOk, type GoogleApi } from './google-api.ts';

/** What a revision's container and the platform said about it, oldest first. */
export interface RevisionLog {
  /** Lines of the platform (`Container called exit(1).`). */
  readonly system: readonly { readonly at: string; readonly text: string }[];
  /** Lines that the container wrote. They may hold anything, secrets too: for reading facts out of, never for quoting. */
  readonly container: readonly string[];
}

export interface CloudLogging {
  /**
   * The newest lines of one revision: at most `limit` of the platform's and as many of the container's. Each of the two is
   * a read of its own, of 60 that Logging allows in a minute: who needs the platform's alone asks for `system`.
   */
  revision(service: string, revision: string, limit: number, lines?: 'all' | 'system'): Promise<RevisionLog>;
}

interface Entry {
  timestamp?: string;
  textPayload?: string;
  jsonPayload?: { message?: unknown };
}

const systemLog = 'log_id("run.googleapis.com/varlog/system")';
const containerLogs = '(log_id("run.googleapis.com/stdout") OR log_id("run.googleapis.com/stderr"))';

export function openLogging(api: GoogleApi, project: string): CloudLogging {
  const newest = async (service: string, revision: string, logs: string, limit: number): Promise<Entry[]> => {
    const filter = [
      'resource.type="cloud_run_revision"',
      `resource.labels.service_name="${service}"`,
      `resource.labels.revision_name="${revision}"`,
      logs,
    ].join(' AND ');
    const response = await api.request('logging', '/v2/entries:list', {
      method: 'POST',
      json: { resourceNames: [`projects/${project}`], filter, orderBy: 'timestamp desc', pageSize: limit },
      repeatable: true,
    });
    await expectOk(response, `reading the log of ${revision}`);
    return (((await response.json()) as { entries?: Entry[] }).entries ?? []).reverse();
  };
  return {
    async revision(service, revision, limit, lines = 'all') {
      // Apart, so that a container that writes much cannot push what the platform says out of the window.
      const [system, container] = await Promise.all([
        newest(service, revision, systemLog, limit),
        lines === 'all' ? newest(service, revision, containerLogs, limit) : [],
      ]);
      return {
        system: system.map(({ timestamp = '', textPayload = '' }) => ({ at: timestamp, text: textPayload })),
        container: container.map(
          ({ textPayload, jsonPayload }) =>
            textPayload ?? (typeof jsonPayload?.message === 'string' ? jsonPayload.message : ''),
        ),
      };
    },
  };
}
