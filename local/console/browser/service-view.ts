import { logsPath, quoted, shortName } from './formats.ts';

/** `google.cloud.run.v2.Service` as JSON: what is shown of it. */
export interface ServiceJson {
  readonly name: string;
  readonly uri?: string;
  readonly reconciling?: boolean;
  readonly updateTime?: string;
  readonly latestReadyRevision?: string;
  readonly latestCreatedRevision?: string;
  readonly terminalCondition?: { readonly state?: string; readonly message?: string };
  readonly conditions?: readonly { readonly state?: string; readonly message?: string }[];
  readonly trafficStatuses?: readonly {
    readonly revision?: string;
    readonly percent?: number;
    readonly tag?: string;
    readonly uri?: string;
  }[];
}

export type Tone = 'good' | 'bad' | 'busy' | 'calm';

export interface ServiceView {
  readonly name: string;
  readonly uri: string | undefined;
  readonly state: string;
  readonly tone: Tone;
  /** Why the service is not ready. */
  readonly reason: string | undefined;
  /** Only revisions with a share, in the service's own order: a rollout then moves the border, not the colours. */
  readonly traffic: readonly { readonly revision: string; readonly percent: number }[];
  readonly tags: readonly {
    readonly tag: string;
    readonly revision: string;
    readonly uri: string | undefined;
  }[];
  /** A revision newer than any that is ready. */
  readonly pendingRevision: string | undefined;
  readonly updateTime: string | undefined;
  readonly logs: string;
}

const states: Readonly<Record<string, { state: string; tone: Tone }>> = {
  CONDITION_SUCCEEDED: { state: 'Ready', tone: 'good' },
  CONDITION_FAILED: { state: 'Not ready', tone: 'bad' },
  CONDITION_PENDING: { state: 'Deploying', tone: 'busy' },
  CONDITION_RECONCILING: { state: 'Deploying', tone: 'busy' },
};

function stateOf(service: ServiceJson): { state: string; tone: Tone } {
  // An update under way keeps the last outcome as the condition until there is a new one.
  if (service.reconciling === true) return { state: 'Deploying', tone: 'busy' };
  return states[service.terminalCondition?.state ?? ''] ?? { state: 'Unknown', tone: 'calm' };
}

function reasonOf({ terminalCondition, conditions = [] }: ServiceJson): string | undefined {
  if (terminalCondition?.state !== 'CONDITION_FAILED') return undefined;
  const failed = conditions.find(({ state }) => state === 'CONDITION_FAILED');
  return terminalCondition.message ?? failed?.message ?? 'Cloud Run gives no reason.';
}

/** What the overview shows of a Cloud Run service. */
export function serviceView(service: ServiceJson): ServiceView {
  const { trafficStatuses = [], latestReadyRevision = '', latestCreatedRevision = '' } = service;
  const name = shortName(service.name);
  const latest = shortName(latestReadyRevision);
  const shares = new Map<string, number>();
  for (const { revision = latest, percent = 0 } of trafficStatuses) {
    if (percent > 0) shares.set(revision, (shares.get(revision) ?? 0) + percent);
  }
  return {
    name,
    uri: service.uri,
    ...stateOf(service),
    reason: reasonOf(service),
    traffic: [...shares].map(([revision, percent]) => ({ revision, percent })),
    tags: trafficStatuses.flatMap(({ tag, revision = latest, uri }) =>
      tag === undefined || tag === '' ? [] : [{ tag, revision, uri }],
    ),
    pendingRevision:
      latestCreatedRevision === latestReadyRevision || latestCreatedRevision === ''
        ? undefined
        : shortName(latestCreatedRevision),
    updateTime: service.updateTime,
    logs: logsPath(`resource.type="cloud_run_revision" resource.labels.service_name=${quoted(name)}`),
  };
}
