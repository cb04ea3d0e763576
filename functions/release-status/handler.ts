import { z } from 'zod';
import type { Bucket } from '../platform/cloud-storage.ts';
import type { GitHub } from '../platform/github.ts';
import type { Log } from '../platform/log.ts';
import { decodeJson, type Decoded, type PubSubMessage } from '../platform/pubsub-event.ts';
import type { Ledger } from '../release/ledger.ts';
import { objects, type ReleaseKey } from '../release/naming.ts';
import { isSettled } from '../release/release.ts';
import { reportStatus } from '../release/statuses.ts';
import { describeRelease } from './describe-release.ts';

export interface ReleaseStatusPorts {
  readonly bucket: Bucket;
  readonly github: GitHub;
  readonly ledger: Ledger;
  readonly log: Log;
  now(): Date;
  /** The address at which people read an object of the state bucket. */
  reportUrl(object: string): string;
}

const input = z.object({ service: z.string(), release: z.string().optional() });
type Input = z.infer<typeof input>;

export const decodeReleaseStatusHint = (message: PubSubMessage): Decoded<Input> => decodeJson(message, input);

/** Makes GitHub show what the record says. Once a settled release is reported, it leaves the tick's sight. */
export async function handleReleaseStatusHint(ports: ReleaseStatusPorts, hint: Input): Promise<void> {
  if (hint.release === undefined) return;
  const key: ReleaseKey = { service: hint.service, id: hint.release };
  // Before the release is read: if it moves meanwhile, its marker has another generation and stays.
  const marker = await ports.ledger.marker(key);
  const release = await ports.ledger.release(key);
  if (!release) return;
  let held = false;
  for (const status of describeRelease(release, ports.reportUrl(objects.report(key)))) {
    const outcome = await reportStatus(ports, release.commit, status);
    if (outcome === 'refused')
      ports.log('ERROR', `GitHub does not take ${status.context} of ${release.commit}`);
    held ||= outcome === 'held';
  }
  // What somebody else is posting may still fail: then the tick brings us back.
  if (isSettled(release) && !held && marker !== undefined) await ports.ledger.close(key, marker);
}
