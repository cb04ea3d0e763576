import type { Bucket } from '../platform/cloud-storage.ts';
import type { Log } from '../platform/log.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import { objects } from '../release/naming.ts';
import type { Release } from '../release/release.ts';
import { tell } from '../release/tell.ts';
import { attribute, isComingBack, subjectOf, type Home, type Scene, type Subject } from './attribute.ts';
import type { Alert, Incident } from './incident.ts';

export interface AlertPorts extends Home {
  readonly bucket: Bucket;
  readonly ledger: Ledger;
  readonly topics: Topics;
  readonly log: Log;
  now(): Date;
}

/** What became of an incident: the release that it takes back, or why there is none. */
interface Outcome {
  readonly release?: string;
  readonly why: string;
}

/** A release that moves on each time it is told of is left to the next delivery. */
const maxLooks = 5;

/** Takes a release back when an alert speaks against it. Repetitions of an incident in the same state do nothing more. */
export async function handleAlert(ports: AlertPorts, alert: Alert): Promise<void> {
  const { bucket, log } = ports;
  if (alert.kind === 'channel-test') {
    log('INFO', 'the notification channel was tried out: it works');
    return;
  }
  const { incident } = alert;
  const note = objects.alert(incident.id, incident.state);
  if (await bucket.read(note)) {
    log('INFO', `incident ${incident.id} is ${incident.state} still: it was dealt with before`);
    return;
  }
  const outcome =
    incident.state === 'closed' ? { why: 'it is closed: nothing to do' } : await bring(ports, incident);
  const at = ports.now().toISOString();
  // Last: what we die before is done again, and says nothing new to the release; the other way round it would be lost.
  await bucket.write(note, JSON.stringify({ at, incident, ...outcome }, null, 2), 'application/json');
}

/** Brings the incident to the release that it speaks against, until that release has heard it. */
async function bring(ports: AlertPorts, incident: Incident): Promise<Outcome> {
  const found = subjectOf(incident, ports);
  if (!found.ok) return notAttributed(ports, incident, found.why);
  const { subject } = found;
  for (let look = 0; look < maxLooks; look += 1) {
    const attribution = attribute(incident, subject, await sceneOf(ports, subject));
    if (attribution.kind === 'none') return notAttributed(ports, incident, attribution.why);
    const { release: key } = attribution;
    if (attribution.kind === 'release') {
      await tell(ports, key, attribution.seen);
      const release = await ports.ledger.release(key);
      // It may have moved on in between, to its next step for example: then it has not heard.
      if (!release || !isComingBack(release)) continue;
    }
    const why = attribution.kind === 'known' ? 'is coming back already' : 'is spoken against';
    ports.log('NOTICE', `${key.service} ${key.id} ${why}: alert "${incident.policy}": ${incident.summary}`, {
      service: key.service,
      release: key.id,
      incident: incident.id,
    });
    return { release: key.id, why };
  }
  throw new Error(
    `incident ${incident.id} could not be brought to a release of ${subject.service}, which moved on ${maxLooks} times meanwhile`,
  );
}

async function sceneOf({ ledger, now }: AlertPorts, { service, revision }: Subject): Promise<Scene> {
  const record = await ledger.service(service);
  const release = async (id: string | undefined): Promise<Release | undefined> =>
    id ? ledger.release({ service, id }) : undefined;
  const [rollingOut, stable, named] = await Promise.all([
    release(record.rollingOut?.release),
    release(record.stable?.release),
    release(revision?.slice(service.length + 1)),
  ]);
  return { record, rollingOut, stable, named, now: now() };
}

function notAttributed({ log }: AlertPorts, { id, policy, summary }: Incident, why: string): Outcome {
  log('WARNING', `alert "${policy}" takes no release back: ${why}. It says: ${summary}`, { incident: id });
  return { why };
}
