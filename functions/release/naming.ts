/** The names by which a release, its build, its revision and its GitHub statuses find one another. */

export interface ReleaseKey {
  readonly service: string;
  /** `<first 7 of the commit>-<first 8 of the build id>`. */
  readonly id: string;
}

export const releaseKey = (service: string, commit: string, buildId: string): ReleaseKey => ({
  service,
  id: `${commit.slice(0, 7)}-${buildId.slice(0, 8)}`,
});

/** Cloud Run revision names are unique, start with the service's name and have at most 63 characters. */
export const revisionName = ({ service, id }: ReleaseKey): string => `${service}-${id}`;

/** A tag per build, so that a tag address can never answer from an earlier revision. Starts with a letter. */
export const candidateTag = ({ id }: ReleaseKey): string => `c-${id}`;

/** Longest service name for which revision and tag addresses stay within 63 characters. */
export const maxServiceNameLength = 63 - '-c---1234567-12345678'.length;

/** User labels of a revision; what is in them is how a log entry or a revision leads back to its release. */
export const labels = { commit: 'commit-sha', build: 'build-id' } as const;

/** Substitutions by which a build says what it is for. */
export const substitutions = { service: '_SERVICE', purpose: '_PURPOSE' } as const;

export type StatusStage = 'checks' | 'build' | 'verify' | 'rollout';

/** One GitHub status context for each service and stage. */
export const statusContext = (service: string, stage: StatusStage): string => `slipway/${service}/${stage}`;

/** Object names in the state bucket. */
export const objects = {
  release: ({ service, id }: ReleaseKey): string => `releases/${service}/${id}.json`,
  service: (service: string): string => `services/${service}.json`,
  active: ({ service, id }: ReleaseKey): string => `active/${service}/${id}`,
  /** A rollback that was asked for: the tick looks at it as at a release that is under way. */
  rollback: (service: string): string => `active/${service}/rollback`,
  /** What verification has seen of it, for judging and for judging anew. */
  evidence: ({ service, id }: ReleaseKey): string => `evidence/${service}/${id}.json`,
  /** For people: `.md` with everything, `.svg` as a picture. */
  report: ({ service, id }: ReleaseKey, form: 'md' | 'svg' = 'md'): string =>
    `reports/${service}/${id}.${form}`,
  status: (commit: string, context: string): string =>
    `statuses/${commit}/${encodeURIComponent(context)}.json`,
  lease: ({ service, id }: ReleaseKey, room: string): string => `leases/${room}/${service}/${id}.json`,
  /** Why the pipeline has cancelled a build; there is none for a build that a person has cancelled. */
  cancelled: (buildId: string): string => `cancelled/${buildId}.json`,
  quarantine: (messageId: string): string => `quarantine/${messageId}.json`,
  /** What became of an incident; Cloud Monitoring repeats itself. */
  alert: (incident: string, state: string): string => `alerts/${encodeURIComponent(incident)}-${state}.json`,
} as const;

/** Where the builds keep the reports of their gates. */
export const artifacts = {
  bucket: (project: string): string => `${project}-slipway-artifacts`,
  /** What the gates of a build came to, on one page; cloudbuild/*.yaml name its folder. */
  summary: (service: string, buildId: string): string => `${service}/${buildId}/summary.md`,
} as const;

/** The release that an `active/` marker stands for; undefined for an object that is none. */
export function activeRelease(objectName: string): ReleaseKey | undefined {
  const [, service, id] = /^active\/([^/]+)\/([^/]+)$/.exec(objectName) ?? [];
  return service === undefined || id === undefined ? undefined : { service, id };
}

/** The release that an object under `releases/` holds. */
export function releaseOf(objectName: string): ReleaseKey[] {
  const [, service, id] = /^releases\/([^/]+)\/([^/]+)\.json$/.exec(objectName) ?? [];
  return service === undefined || id === undefined ? [] : [{ service, id }];
}

/** The service whose record an object under `services/` is. */
export function serviceOf(objectName: string): string[] {
  const [, service] = /^services\/([^/]+)\.json$/.exec(objectName) ?? [];
  return service === undefined ? [] : [service];
}

/** Topics. */
export const topics = {
  builds: 'cloud-builds',
  runEvents: 'cloud-run-events',
  releases: 'releases',
  ticks: 'ticks',
  alerts: 'monitoring-alerts',
  deadLetters: 'dead-letters',
} as const;
