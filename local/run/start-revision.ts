import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { LogWriter } from '../core/links.ts';
import { revisionReadiness } from './log-entries.ts';
import { parseName } from './names.ts';
import type { Stores } from './records.ts';
import type { RevisionPool } from './revision-pool.ts';
import { revisionFailed, revisionReady, withImage } from './revision-transitions.ts';
import { StartFailure } from './start-failure.ts';

export interface StartDeps {
  readonly context: CloudContext;
  readonly stores: Stores;
  readonly pool: RevisionPool;
  readonly log: LogWriter;
  readonly projectNumber: (project: string) => string;
}

/** A fault of the local cloud itself. The revision fails all the same: it would be started again without end. */
const unexpected = (cause: unknown): StartFailure =>
  new StartFailure('container', `The local cloud could not start the revision: ${(cause as Error).message}`, {
    cause,
  });

/**
 * Brings up a revision that has been made: finds its image, starts its first instance, and writes down what has come of
 * it. One that is stopped meanwhile stays as it is: the next run of the local cloud starts it again.
 */
export async function startRevision(name: string, deps: StartDeps): Promise<void> {
  const { context, stores, pool, log, projectNumber } = deps;
  const record = stores.revisions.get(name);
  if (!record) return;
  const runtime = pool.runtime(name);
  let failure: StartFailure | undefined;
  try {
    stores.revisions.set(name, withImage(record, pool.image(record).reference));
    await runtime.ensure('DEPLOYMENT_ROLLOUT');
  } catch (error) {
    failure = error instanceof StartFailure ? error : unexpected(error);
    if (failure !== error) context.log('error', `${name}: ${(error as Error).stack ?? String(error)}`);
  }
  const current = stores.revisions.get(name);
  const service = current && stores.services.get(current.revision.service);
  if (runtime.isStopped() || !current || !service) return;
  const now = timestamp(context.clock);
  const settled = failure ? revisionFailed(current, failure, now) : revisionReady(current, now);
  stores.revisions.set(name, settled);
  log.write(revisionReadiness(settled, service, projectNumber(parseName(name).project)));
}
