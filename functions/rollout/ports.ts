import type { CloudRun, RunService } from '../platform/cloud-run.ts';
import type { Log } from '../platform/log.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import type { HealthPolicy } from '../release/policy.ts';

/** What this room needs of the outside. */
export interface RolloutPorts {
  readonly run: CloudRun;
  readonly ledger: Ledger;
  readonly topics: Topics;
  readonly log: Log;
  /** Whether a revision of the service answers at its tag's address as its health has to. */
  answers(service: RunService, url: string, revision: string, health: HealthPolicy): Promise<boolean>;
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}

/** What does not settle within this many looks is left to the tick. */
export const maxLooks = 120;
export const settleMs = 250;
