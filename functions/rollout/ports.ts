import type { CloudRun } from '../platform/cloud-run.ts';
import type { Log } from '../platform/log.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';

/** What this room needs of the outside. */
export interface RolloutPorts {
  readonly run: CloudRun;
  readonly ledger: Ledger;
  readonly topics: Topics;
  readonly log: Log;
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}
