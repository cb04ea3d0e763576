import { durationInWords } from '../release/duration.ts';
import type { ReleaseKey } from '../release/naming.ts';
import { terminalStages, type Release } from '../release/release.ts';
import type { ServiceRecord } from '../release/service-record.ts';
import type { Observation } from '../release/transitions.ts';
import { rollbackLabel, type Incident } from './incident.ts';

/** The service, and perhaps the revision, that an incident is about. */
export interface Subject {
  readonly service: string;
  /** Absent when the condition adds all revisions up. */
  readonly revision?: string;
}

/** Where the pipeline's services are. */
export interface Home {
  readonly project: string;
  readonly region: string;
}

/** What is known of the service when the incident comes. */
export interface Scene {
  readonly record: ServiceRecord;
  /** The release that the record says is being rolled out. */
  readonly rollingOut: Release | undefined;
  /** The release that the record says is stable. */
  readonly stable: Release | undefined;
  /** The release whose revision the incident names. */
  readonly named: Release | undefined;
  readonly now: Date;
}

export type Attribution =
  | { readonly kind: 'release'; readonly release: ReleaseKey; readonly seen: Observation }
  /** It is about a release that is coming back already. */
  | { readonly kind: 'known'; readonly release: ReleaseKey }
  | { readonly kind: 'none'; readonly why: string };

/** So long after it went live a release is still answerable for what begins. */
const answerableMs = 30 * 60_000;

/**
 * So long after a rollback an incident may still begin by what was taken back: Cloud Monitoring sees built-in metrics up
 * to four minutes late, and conditions look at windows. https://cloud.google.com/monitoring/api/v3/latency-n-retention
 */
const echoMs = 10 * 60_000;

const none = (why: string): Attribution => ({ kind: 'none', why });

/** Bad news of it were heard already, or it is over: there is nothing left to take back. */
export const isComingBack = ({ stage, withdrawn, steps }: Release): boolean =>
  terminalStages.has(stage) ||
  withdrawn !== undefined ||
  (stage === 'rolling-out' && steps.at(-1)?.verdict?.verdict === 'unhealthy');

/** What the incident is about, or why that is nothing of the pipeline's. */
export function subjectOf(
  { resource }: Incident,
  home: Home,
): { readonly ok: true; readonly subject: Subject } | { readonly ok: false; readonly why: string } {
  if (resource?.type !== 'cloud_run_revision')
    return { ok: false, why: `it is about ${resource?.type ?? 'no resource'}, not about cloud_run_revision` };
  const { project_id: project, location, service_name: service, revision_name: revision } = resource.labels;
  // One policy may watch several projects and regions, in each of which there is a service of that name.
  if (project && project !== home.project)
    return {
      ok: false,
      why: `it is about project ${project}, and this pipeline releases in ${home.project}`,
    };
  if (location && location !== home.region)
    return { ok: false, why: `it is about region ${location}, and this pipeline releases in ${home.region}` };
  if (!service)
    return { ok: false, why: 'it names no service; let its condition keep the label service_name' };
  return { ok: true, subject: { service, ...(revision ? { revision } : {}) } };
}

/**
 * The release that an open incident speaks against, and what is to be said of it. A revision that it names has to be the
 * candidate of a release that is rolling out, or that has just gone live. Without a revision the policy has to ask for it
 * by its label, and the release must have been there when the incident began.
 */
export function attribute(incident: Incident, { service, revision }: Subject, scene: Scene): Attribution {
  const { record, rollingOut, stable } = scene;
  if (revision === undefined) {
    const why = unnamed(incident, scene);
    if (why !== undefined) return none(why);
  }
  if (rollingOut?.stage === 'rolling-out' && concerns(incident, revision, rollingOut))
    return judge(incident, rollingOut, scene.now);
  if (stable?.stage === 'live' && concerns(incident, revision, stable))
    return withdraw(incident, stable, record);
  return none(whyNothing(service, revision, scene));
}

/** Why an incident that names no revision speaks against no release, whichever there is. */
function unnamed(incident: Incident, { record }: Scene): string | undefined {
  if (!incident.asksForRollback)
    return `it names no revision, and its policy has no user label ${rollbackLabel.key}: ${rollbackLabel.value}`;
  if (record.frozen) return `the service is frozen: ${record.frozen.why}`;
  if (record.rollbackRequest) return `the service is being rolled back: ${record.rollbackRequest.why}`;
  const rollbacks = [record.rolledBackAt ?? '', ...record.quarantine.map(({ at }) => at)].sort();
  const last = rollbacks.at(-1) ?? '';
  return last !== '' && Date.parse(incident.startedAt) < Date.parse(last) + echoMs
    ? `the service was rolled back at ${last}, and what was taken back may be what it saw`
    : undefined;
}

function concerns({ startedAt }: Incident, revision: string | undefined, release: Release): boolean {
  if (revision !== undefined) return revision === release.candidate?.revision;
  const firstTraffic = release.steps[0]?.askedAt ?? liveSince(release);
  return firstTraffic !== undefined && Date.parse(startedAt) >= Date.parse(firstTraffic);
}

const liveSince = ({ history }: Release): string | undefined =>
  history.findLast(({ stage }) => stage === 'live')?.at;

const inWords = ({ policy, summary }: Incident): string => `alert "${policy}": ${summary}`;

const keyOf = ({ service, id }: Release): ReleaseKey => ({ service, id });

function judge(incident: Incident, release: Release, now: Date): Attribution {
  const step = release.steps.at(-1);
  if (!step || isComingBack(release)) return { kind: 'known', release: keyOf(release) };
  const verdict = { verdict: 'unhealthy' as const, reasons: [inWords(incident)], at: now.toISOString() };
  return {
    kind: 'release',
    release: keyOf(release),
    seen: { kind: 'step-verdict', percent: step.percent, verdict },
  };
}

function withdraw(incident: Incident, release: Release, { frozen }: ServiceRecord): Attribution {
  if (isComingBack(release)) return { kind: 'known', release: keyOf(release) };
  const liveMs = Date.parse(incident.startedAt) - Date.parse(liveSince(release) ?? release.createdAt);
  if (liveMs > answerableMs)
    return none(
      `${release.candidate?.revision ?? release.id} had been live for ${durationInWords(liveMs)} when it began, and is answerable for ${durationInWords(answerableMs)}`,
    );
  // Kept in mind it would take the release back whenever a person lets go, long after the alert is over.
  if (frozen) return none(`the service is frozen: ${frozen.why}`);
  return {
    kind: 'release',
    release: keyOf(release),
    seen: { kind: 'withdrawn', reason: inWords(incident) },
  };
}

function whyNothing(service: string, revision: string | undefined, { named, stable }: Scene): string {
  if (revision === undefined)
    return `no release of ${service} that had traffic when it began is rolling out or has just gone live`;
  if (named) return `${revision} is of release ${named.id}, which is ${named.stage}`;
  return stable
    ? `${revision} is no revision that this pipeline has released`
    : `this pipeline has released nothing of ${service}`;
}
