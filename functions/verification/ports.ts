import type { CloudRun } from '../platform/cloud-run.ts';
import type { Bucket } from '../platform/cloud-storage.ts';
import type { Log } from '../platform/log.ts';
import type { Monitoring } from '../platform/monitoring.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import type { WatchPorts } from './watch.ts';

/** What this room needs of the outside. */
export interface VerificationPorts extends WatchPorts {
  readonly run: CloudRun;
  readonly bucket: Bucket;
  readonly ledger: Ledger;
  readonly topics: Topics;
  readonly monitoring: Monitoring;
  readonly log: Log;
  identityToken(audience: string): Promise<string>;
}
