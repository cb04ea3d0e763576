import { outputPayload } from '../core/output-lines.ts';
import { entryHead, type NewLogEntry } from './log-entries.ts';
import { shortName } from './names.ts';

/** The entry for one line that a container has written. */
export function outputEntry(
  revision: string,
  instanceId: string,
  stream: 'stdout' | 'stderr',
  line: string,
): NewLogEntry {
  const { labels, ...rest } = outputPayload(line);
  return {
    ...entryHead(revision, shortName(revision), `run.googleapis.com/${stream}`),
    labels: { instanceId, ...labels },
    ...rest,
  };
}
