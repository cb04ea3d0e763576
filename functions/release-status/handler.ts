import { z } from 'zod';
import type { Bucket } from '../platform/cloud-storage.ts';
import type { GitHub } from '../platform/github.ts';
import type { Log } from '../platform/log.ts';
import { decodeJson, type Decoded, type PubSubMessage } from '../platform/pubsub-event.ts';
import type { Ledger } from '../release/ledger.ts';
import { objects, type ReleaseKey } from '../release/naming.ts';
import { isSettled, type Release } from '../release/release.ts';
import type { ServiceRecord } from '../release/service-record.ts';
import { reportStatus } from '../release/statuses.ts';
import { stuckOf } from '../release/waiting.ts';
import { describeRelease, isComingBack } from './describe-release.ts';
import { keepReports } from './keep-reports.ts';

export interface ReleaseStatusPorts {
  readonly bucket: Bucket;
  readonly github: GitHub;
  readonly ledger: Ledger;
  readonly log: Log;
  now(): Date;
  /** The address at which people read an object of the state bucket. */
  reportUrl(object: string): string;
  /** The address at which people read a commit. */
  commitUrl(commit: string): string;
}

const input = z.object({ service: z.string(), release: z.string().optional() });
type Input = z.infer<typeof input>;

export const decodeReleaseStatusHint = (message: PubSubMessage): Decoded<Input> => decodeJson(message, input);

/**
 * Makes the report and GitHub say what the record says. Once a settled release is reported, it leaves the tick's sight.
 * Without a release the hint is about the service itself, and so about what is being rolled out there.
 */
export async function handleReleaseStatusHint(ports: ReleaseStatusPorts, hint: Input): Promise<void> {
  const { ledger, bucket, github, now, log } = ports;
  const { service } = hint;
  const id = hint.release ?? (await ledger.service(service)).rollingOut?.release;
  if (id === undefined) return;
  const key: ReleaseKey = { service, id };
  // Before the release is read: if it moves meanwhile, its marker has another generation and stays.
  const marker = await ledger.marker(key);
  const look = async (): Promise<{ release: Release; record: ServiceRecord } | undefined> => {
    const release = await ledger.release(key);
    return release && { release, record: await ledger.service(service) };
  };
  // A settled release without a marker has its report. Drawn again it would tell of its service as that is today.
  const seen = await (marker === undefined ? look() : keepReports(bucket, key, ports.commitUrl, look));
  if (!seen) return;
  const { release, record } = seen;
  let held = false;
  for (const status of describeRelease(release, record, ports.reportUrl(objects.report(key)))) {
    const outcome = await reportStatus({ bucket, github, now }, release.commit, status);
    if (outcome === 'refused') log('ERROR', `GitHub does not take ${status.context} of ${release.commit}`);
    held ||= outcome === 'held';
  }
  // What somebody else is posting may still fail: then the tick brings us back. And what is live and is to come back is
  // not over before rollout has done so: it may not even have heard of it.
  const isOver = isSettled(release) && (!isComingBack(release) || stuckOf(release, record) !== undefined);
  if (isOver && !held && marker !== undefined) await ledger.close(key, marker);
}
