import path from 'node:path';
import { timestamp } from '../core/clock.ts';
import type { BuildLog } from './build-log.ts';
import { logTargets } from './build-logs.ts';
import type { BuildRecord, BuildStore } from './build-store.ts';
import type { Build } from './build-types.ts';
import type { Halt } from './halt.ts';
import { runBuild, type RunLinks } from './run-build.ts';
import type { StepProgress } from './run-steps.ts';

export interface ConductorOptions {
  readonly links: RunLinks;
  readonly store: BuildStore;
  readonly logOf: (record: BuildRecord) => BuildLog;
  /** One folder a build, below it, while the build runs. */
  readonly workspaces: string;
}

/** Takes a build through its statuses, and writes the head and the tail of its log. */
export interface Conductor {
  run(id: string, halt: Halt, onProgress: (steps: readonly StepProgress[]) => void): Promise<void>;
  /** Ends a build that could not even be begun, with the reasons in its log. */
  refuse(id: string, reasons: readonly string[]): void;
}

/** Said at the head of every log: what is different here, and which options have no effect. */
function surroundings({ options = {} }: Build): string {
  const given = [
    (options.pool?.name ?? '') === '' ? undefined : 'options.pool',
    options.machineType === undefined ? undefined : 'options.machineType',
    options.diskSizeGb === undefined ? undefined : 'options.diskSizeGb',
  ].filter((name) => name !== undefined);
  const unused = given.length > 0 ? ` Without effect here: ${given.join(', ')}.` : '';
  return `Steps run as processes of this machine, without containers and without isolation.${unused}`;
}

const beganBefore =
  '\nThe local cloud was stopped while this build was under way: it starts again from its beginning.';
const willBeginAgain = 'The local cloud is stopping: the build is ended here and starts again with it.';

/** The last lines: `DONE`, or the status and the reason. */
function closing({ status, statusDetail }: Pick<Build, 'status' | 'statusDetail'>): string {
  const word = status === 'SUCCESS' ? 'DONE' : status === 'FAILURE' ? 'ERROR' : status;
  return statusDetail === undefined ? word : `${word}\nERROR: ${statusDetail}`;
}

export function createConductor({ links, store, logOf, workspaces }: ConductorOptions): Conductor {
  const uploadLog = ({ build: { id, logsBucket, options } }: BuildRecord, log: BuildLog): void => {
    if (logsBucket === undefined || logsBucket === '' || !logTargets(options?.logging).bucket) return;
    const [bucket = '', ...folders] = logsBucket.replace(/^gs:\/\//, '').split('/');
    const name = [...folders, `log-${id}.txt`].filter((part) => part !== '').join('/');
    try {
      links.storage.put(bucket, name, Buffer.from(log.text()), 'text/plain');
    } catch (error) {
      log.write(`WARNING: the log could not be written to gs://${bucket}: ${(error as Error).message}`);
    }
  };
  const end = (record: BuildRecord, log: BuildLog, outcome: Partial<Build> & Pick<Build, 'status'>): void => {
    log.write(closing(outcome));
    uploadLog(record, log);
    store.change(record.build.id, outcome);
  };
  return {
    async run(id, halt, onProgress) {
      const attempt = store.begin(id);
      const record = store.change(id, { status: 'WORKING', startTime: timestamp(links.context.clock) });
      const { build, substitutions } = record;
      const log = logOf(record);
      if (attempt > 1) log.write(beganBefore);
      log.write(`starting build "${id}"\n${surroundings(build)}`);
      const folder = path.join(workspaces, id);
      try {
        const outcome = await runBuild({ build, substitutions, log, folder, halt, onProgress }, links);
        if (outcome === 'stopped') log.write(willBeginAgain);
        else end(record, log, outcome);
      } catch (error) {
        const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
        links.context.log('error', `build ${id}: ${trace}`);
        const statusDetail = 'the local cloud itself failed; its own output has the reason';
        end(record, log, { status: 'INTERNAL_ERROR', statusDetail });
      }
    },
    refuse(id, reasons) {
      const record = store.get(id);
      const [first = '', ...rest] = reasons;
      const detail = rest.length === 0 ? first : `${first} (and ${rest.length} more, see the log)`;
      const log = logOf(record);
      log.write([`starting build "${id}"`, '', ...reasons.map((reason) => `ERROR: ${reason}`)].join('\n'));
      end(record, log, { status: 'FAILURE', statusDetail: detail, failureInfo: { detail } });
    },
  };
}
