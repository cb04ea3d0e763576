import { ApiError } from '../core/api-error.ts';
import { timestamp, type Clock } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { LogEntry } from '../core/links.ts';
import { pageOf } from '../core/page.ts';
import type { ApiRequest, Route } from '../core/room.ts';
import type { Table } from '../core/state.ts';
import { durationMs, type AlertPolicy } from './alert-policy.ts';

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alerts: the violation of a policy. */
export interface Alert {
  name: string;
  state: 'OPEN' | 'CLOSED';
  openTime: string;
  closeTime?: string;
  resource: LogEntry['resource'];
  log: object;
  policy: { name: string; displayName: string; userLabels: Record<string, string>; severity?: string };
}

/** An alert, and what only the local cloud knows of it. */
export interface KeptAlert {
  readonly alert: Alert;
  readonly project: string;
  readonly autoCloseMs: number;
  readonly lastMatchMs: number;
  readonly lastNotifiedMs: number;
}

export interface Alerts {
  /** An entry passes the condition of the policy: opens an alert unless one is open. */
  raise(policy: AlertPolicy, entry: LogEntry): void;
  readonly routes: readonly Route[];
}

/** As long as an alert stays open without a policy's own say. */
const defaultAutoCloseMs = 7 * 24 * 3600 * 1000;

const spoken = ({ textPayload, jsonPayload }: LogEntry): string =>
  textPayload ??
  (typeof jsonPayload?.message === 'string' ? jsonPayload.message : JSON.stringify(jsonPayload));

/**
 * The alerts of every project. Nobody is called: a notification, no more than one in the policy's period, is a line in the
 * output of the local cloud.
 */
export function createAlerts(table: Table<KeptAlert>, clock: Clock, log: CloudContext['log']): Alerts {
  /** As it is by now: nothing has matched for so long that it is over. */
  const shown = ({ alert, lastMatchMs, autoCloseMs }: KeptAlert): Alert => {
    const endMs = lastMatchMs + autoCloseMs;
    return clock.now() < endMs
      ? alert
      : { ...alert, state: 'CLOSED', closeTime: new Date(endMs).toISOString() };
  };
  const notify = (policy: AlertPolicy, entry: LogEntry): void => {
    const channels = policy.notificationChannels.map((name) => name.slice(name.lastIndexOf('/') + 1));
    const called =
      channels.length === 0 ? 'it has no notification channel' : `it would notify ${channels.join(', ')}`;
    log('warning', `alert "${policy.displayName}" (${called}): ${spoken(entry)}`);
  };
  const open = (policy: AlertPolicy, entry: LogEntry): KeptAlert => {
    const project = policy.name.split('/')[1] ?? '';
    const { name, displayName, userLabels, severity } = policy;
    const { autoClose } = policy.alertStrategy;
    const id = `${clock.now()}${String(table.entries().length).padStart(4, '0')}`;
    return {
      alert: {
        name: `projects/${project}/alerts/${id}`,
        state: 'OPEN',
        openTime: timestamp(clock),
        resource: entry.resource,
        log: { extractedLabels: {} },
        policy: { name, displayName, userLabels, ...(severity === undefined ? {} : { severity }) },
      },
      project,
      autoCloseMs: autoClose === undefined ? defaultAutoCloseMs : durationMs(autoClose),
      lastMatchMs: clock.now(),
      lastNotifiedMs: -Infinity,
    };
  };

  return {
    raise(policy, entry) {
      const standing = table
        .values()
        .find((kept) => kept.alert.policy.name === policy.name && shown(kept).state === 'OPEN');
      const kept = standing ?? open(policy, entry);
      const periodMs = durationMs(policy.alertStrategy.notificationRateLimit.period);
      const due = !standing || clock.now() - kept.lastNotifiedMs >= periodMs;
      table.set(kept.alert.name, {
        ...kept,
        lastMatchMs: clock.now(),
        lastNotifiedMs: due ? clock.now() : kept.lastNotifiedMs,
      });
      if (due) notify(policy, entry);
    },
    routes: [
      {
        method: 'GET',
        path: '/v3/{parent=projects/*}/alerts',
        handle({ params, query }: ApiRequest) {
          const filter = query.get('filter') ?? '';
          const state = /^\s*state\s*=\s*"(OPEN|CLOSED)"\s*$/.exec(filter)?.[1];
          if ((filter !== '' && state === undefined) || query.has('orderBy'))
            throw new ApiError(
              'UNIMPLEMENTED',
              'the list of alerts has no order_by in the local cloud, and no filter but state="OPEN" and state="CLOSED"',
            );
          const all = table
            .values(`${params.parent ?? ''}/alerts/`)
            .map(shown)
            .filter((alert) => state === undefined || alert.state === state);
          const size = Number(query.get('pageSize') ?? 0);
          const pageToken = query.get('pageToken') ?? undefined;
          const { page: alerts, ...next } = pageOf(all, ({ name }) => name, { pageSize: size, pageToken });
          return { alerts, ...next, totalSize: all.length };
        },
      },
      {
        method: 'GET',
        path: '/v3/{name=projects/*/alerts/*}',
        handle({ params }: ApiRequest) {
          const kept = table.get(params.name ?? '');
          if (!kept) throw new ApiError('NOT_FOUND', `Cannot find alert ${params.name ?? ''}`);
          return shown(kept);
        },
      },
    ],
  };
}
