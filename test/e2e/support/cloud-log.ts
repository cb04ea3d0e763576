import { expectOk, type GoogleApi } from '../../../functions/platform/google-api.ts';
import type { Shares } from '../../../functions/release/service-record.ts';
import { sameShares, sharesOf } from '../../../functions/rollout/shares.ts';

/** What Cloud Run was asked to serve, by whom and when. */
export interface TrafficChange {
  readonly at: string;
  readonly by: string;
  readonly shares: Shares;
}

interface Entry {
  readonly timestamp: string;
  readonly protoPayload?: {
    readonly status?: { readonly code?: number };
    readonly authenticationInfo?: { readonly principalEmail?: string };
    readonly request?: {
      readonly service?: { readonly traffic?: readonly Target[] };
    };
  };
  readonly jsonPayload?: { readonly message?: string };
}

interface Target {
  readonly revision?: string;
  readonly percent?: number;
  readonly tag?: string;
}

async function entriesOf(api: GoogleApi, project: string, filter: readonly string[]): Promise<Entry[]> {
  const response = await api.request('logging', '/v2/entries:list', {
    method: 'POST',
    json: {
      resourceNames: [`projects/${project}`],
      filter: filter.join(' AND '),
      orderBy: 'timestamp asc',
      pageSize: 1000,
    },
    repeatable: true,
  });
  await expectOk(response, 'reading the log');
  return ((await response.json()) as { entries?: Entry[] }).entries ?? [];
}

/**
 * Every change of a service's traffic that the audit log has since `time`, in their order; what asks for the shares that
 * were asked for before (a new tag, a setting) is none.
 */
export async function trafficSince(
  api: GoogleApi,
  project: string,
  service: string,
  time: string,
): Promise<TrafficChange[]> {
  const entries = await entriesOf(api, project, [
    'log_id("cloudaudit.googleapis.com/activity")',
    `resource.labels.service_name="${service}"`,
    `timestamp>="${time}"`,
  ]);
  const changes: TrafficChange[] = [];
  for (const { timestamp, protoPayload: { status, authenticationInfo, request } = {} } of entries) {
    const traffic = request?.service?.traffic;
    if (!traffic || (status?.code ?? 0) !== 0) continue;
    const shares = sharesOf(
      traffic.map(({ revision, percent = 0, tag }) => ({
        revision: revision?.split('/').at(-1),
        percent,
        tag,
      })),
    );
    if (!sameShares(shares, changes.at(-1)?.shares ?? []))
      changes.push({ at: timestamp, by: authenticationInfo?.principalEmail ?? '', shares });
  }
  return changes;
}

/** What the functions have said of a service that somebody has to be woken for, oldest first. */
export async function pagesOf(api: GoogleApi, project: string, service: string): Promise<string[]> {
  const entries = await entriesOf(api, project, ['severity=CRITICAL', `jsonPayload.service="${service}"`]);
  return entries.map(({ jsonPayload }) => jsonPayload?.message ?? '');
}
