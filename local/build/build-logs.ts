import path from 'node:path';
import type { LogWriter } from '../core/links.ts';
import { createBuildLog, type BuildLog } from './build-log.ts';
import type { BuildRecord } from './build-store.ts';

/** Where a build's log goes by its `options.logging`; LEGACY, the default, is both. */
export function logTargets(logging = 'LEGACY'): { readonly cloudLogging: boolean; readonly bucket: boolean } {
  const cloudOnly = logging === 'CLOUD_LOGGING_ONLY' || logging === 'STACKDRIVER_ONLY';
  return { cloudLogging: cloudOnly || logging === 'LEGACY', bucket: logging !== 'NONE' && !cloudOnly };
}

/** Nothing is captured: `options.logging: NONE`. */
const noLog: BuildLog = { write: () => undefined, text: () => '', follow: () => () => undefined };

/** The logs of all builds, below `folder`: one object a build, so that who reads follows who writes. */
export function createBuildLogs(folder: string, writer: LogWriter): (record: BuildRecord) => BuildLog {
  const open = new Map<string, BuildLog>();
  const make = ({ build, request }: BuildRecord): BuildLog => {
    const { id, projectId, buildTriggerId = '', options } = build;
    if (options?.logging === 'NONE') return noLog;
    const isCloudLogging = logTargets(options?.logging).cloudLogging;
    return createBuildLog(path.join(folder, `log-${id}.txt`), (text) => {
      if (!isCloudLogging) return;
      // Lines that were written together are one entry here: a noisy build would write thousands.
      writer.write({
        logName: `projects/${projectId}/logs/cloudbuild`,
        resource: {
          type: 'build',
          labels: { project_id: projectId, build_id: id, build_trigger_id: buildTriggerId },
        },
        severity: 'INFO',
        labels: { location: request.location },
        textPayload: text.replace(/\n$/, ''),
      });
    });
  };
  return (record) => {
    const { id } = record.build;
    const known = open.get(id);
    if (known) return known;
    const log = make(record);
    open.set(id, log);
    return log;
  };
}
