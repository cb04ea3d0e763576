import { ApiError } from '../core/api-error.ts';
import { timestamp, type Clock } from '../core/clock.ts';
import { applyFieldMask } from '../core/field-mask.ts';
import type { LogWatcher } from '../core/links.ts';
import { pageOf } from '../core/page.ts';
import type { Table } from '../core/state.ts';
import { readPolicy, type AlertPolicy } from './alert-policy.ts';
import type { Alerts } from './alerts.ts';

/** What an update may change. */
const mutable = [
  'displayName',
  'documentation',
  'userLabels',
  'conditions',
  'combiner',
  'enabled',
  'notificationChannels',
  'alertStrategy',
  'severity',
] as const;

export interface AlertPolicies {
  readonly methods: ReturnType<typeof methodsOf>;
  /** Watches the log for the policies that are there. */
  start(): void;
  stop(): void;
}

const projectOf = (name: string): string => name.split('/')[1] ?? '';

/** The alert policies of every project; each watches the log for what its condition names. */
export function createAlertPolicies(
  table: Table<AlertPolicy>,
  alerts: Alerts,
  logs: LogWatcher,
  clock: Clock,
): AlertPolicies {
  const watches = new Map<string, () => void>();

  const unwatch = (name: string): void => {
    watches.get(name)?.();
    watches.delete(name);
  };
  /** Throws INVALID_ARGUMENT for a filter that is none; then the policy is watched as before. */
  const watch = (policy: AlertPolicy): void => {
    const ends = policy.conditions.map(({ conditionMatchedLog: { filter } }) =>
      logs.watch(projectOf(policy.name), filter, (entry) => {
        alerts.raise(policy, entry);
      }),
    );
    unwatch(policy.name);
    watches.set(policy.name, () => {
      for (const end of ends) end();
    });
    if (!policy.enabled) unwatch(policy.name);
  };
  return {
    methods: methodsOf(table, clock, { watch, unwatch }),
    start() {
      for (const policy of table.values()) watch(policy);
    },
    stop() {
      for (const name of [...watches.keys()]) unwatch(name);
    },
  };
}

function methodsOf(
  table: Table<AlertPolicy>,
  clock: Clock,
  { watch, unwatch }: { watch(policy: AlertPolicy): void; unwatch(name: string): void },
) {
  const found = (name: string): AlertPolicy => {
    const policy = table.get(name);
    if (!policy) throw new ApiError('NOT_FOUND', `Cannot find alert policy ${name}`);
    return policy;
  };
  const save = (policy: AlertPolicy): AlertPolicy => {
    watch(policy);
    table.set(policy.name, policy);
    return policy;
  };
  /** Numbers, as Google gives them; never one that was given before. */
  const newName = (project: string): string => {
    for (let id = clock.now(); ; id += 1)
      if (table.get(`projects/${project}/alertPolicies/${id}`) === undefined)
        return `projects/${project}/alertPolicies/${id}`;
  };
  return {
    CreateAlertPolicy({ name, alertPolicy = {} }: { name: string; alertPolicy?: object }) {
      const record = { mutateTime: timestamp(clock) };
      const policy = readPolicy(alertPolicy, newName(projectOf(name)));
      return save({ ...policy, creationRecord: record, mutationRecord: record });
    },
    GetAlertPolicy: ({ name }: { name: string }) => found(name),
    ListAlertPolicies({
      name,
      filter = '',
      orderBy = '',
      ...page
    }: {
      name: string;
      filter?: string;
      orderBy?: string;
      pageSize?: number;
      pageToken?: string;
    }) {
      if (filter !== '' || orderBy !== '')
        throw new ApiError(
          'UNIMPLEMENTED',
          'filter and order_by of alert policies: not part of the local cloud',
        );
      const all = table.values(`${name}/alertPolicies/`);
      const { page: alertPolicies, ...next } = pageOf(all, (each) => each.name, page);
      return { alertPolicies, ...next, totalSize: all.length };
    },
    UpdateAlertPolicy({
      alertPolicy,
      updateMask,
    }: {
      alertPolicy: Partial<AlertPolicy> & { name: string };
      updateMask?: string;
    }) {
      const current = found(alertPolicy.name);
      // Without a mask the whole policy is replaced.
      const changed =
        updateMask === undefined || updateMask === ''
          ? alertPolicy
          : applyFieldMask(current, alertPolicy, updateMask, mutable);
      const { creationRecord } = current;
      return save({
        ...readPolicy(changed, current.name),
        ...(creationRecord ? { creationRecord } : {}),
        mutationRecord: { mutateTime: timestamp(clock) },
      });
    },
    DeleteAlertPolicy({ name }: { name: string }) {
      found(name);
      unwatch(name);
      table.delete(name);
      return {};
    },
  };
}
