import { ApiError } from '../core/api-error.ts';
import { pageOf } from '../core/page.ts';
import type { Table } from '../core/state.ts';
import { builtInDescriptors } from './built-in-metrics.ts';
import { parseFilter } from './filter.ts';
import type { LabelDescriptor, MetricDescriptor, MetricKind, ValueType } from './resources.ts';

/** Prefixes of metrics that users define. https://cloud.google.com/monitoring/custom-metrics#identifier */
const userPrefixes = ['custom.googleapis.com/', 'external.googleapis.com/'];

export const isUserDefined = (type: string): boolean =>
  userPrefixes.some((prefix) => type.startsWith(prefix));

const mostLabels = 30;

/** Why `type` cannot be the type of a user-defined metric, or undefined. */
export function metricTypeProblem(type: string): string | undefined {
  if (!isUserDefined(type)) return `must begin with ${userPrefixes.join(' or ')}`;
  if (type.length > 200) return 'must have at most 200 characters';
  const rest = type.slice(type.indexOf('/') + 1);
  return /^[A-Za-z0-9_/]+$/.test(rest) && !/^\/|\/$|\/\//.test(rest)
    ? undefined
    : 'may hold only letters, digits, underscores and single slashes';
}

/** Why a metric of this kind and these values cannot be defined by users, or undefined. */
export function kindProblem(metricKind: string, valueType: string): string | undefined {
  if (metricKind === 'DELTA')
    return 'metric_kind DELTA is not for user-defined metrics: use GAUGE or CUMULATIVE';
  if (metricKind !== 'GAUGE' && metricKind !== 'CUMULATIVE')
    return 'metric_kind is required: GAUGE or CUMULATIVE';
  if (!['BOOL', 'INT64', 'DOUBLE', 'STRING', 'DISTRIBUTION'].includes(valueType))
    return 'value_type is required: BOOL, INT64, DOUBLE, STRING or DISTRIBUTION';
  if (metricKind === 'CUMULATIVE' && (valueType === 'BOOL' || valueType === 'STRING'))
    return `value_type ${valueType} cannot be CUMULATIVE`;
  return undefined;
}

export function labelProblem(labels: readonly { readonly key?: string }[]): string | undefined {
  if (labels.length > mostLabels) return `a metric may have at most ${mostLabels} labels`;
  const bad = labels.find(({ key = '' }) => !/^[a-zA-Z][a-zA-Z0-9_]{0,99}$/.test(key));
  if (bad) return `"${bad.key ?? ''}" is no key of a label: a letter, then letters, digits, underscores`;
  const keys = labels.map(({ key }) => key);
  return new Set(keys).size === keys.length ? undefined : 'two labels have the same key';
}

/** The descriptors of a project: Google's own, and those that users have made or written to. */
export interface MetricDescriptors {
  get(project: string, type: string): MetricDescriptor | undefined;
  list(project: string): MetricDescriptor[];
  put(descriptor: MetricDescriptor): void;
  /**
   * The descriptor for a written series: made when there is none, with the labels added that it has not got.
   * https://cloud.google.com/monitoring/custom-metrics/creating-metrics#auto-creation
   */
  forWritten(
    project: string,
    written: {
      type: string;
      labels: readonly string[];
      metricKind: MetricKind;
      valueType: ValueType;
      unit?: string | undefined;
    },
  ): void;
  delete(name: string): boolean;
}

const nameOf = (project: string, type: string): string => `projects/${project}/metricDescriptors/${type}`;

export function createMetricDescriptors(table: Table<MetricDescriptor>): MetricDescriptors {
  const get = (project: string, type: string): MetricDescriptor | undefined =>
    builtInDescriptors(project).find((descriptor) => descriptor.type === type) ??
    table.get(nameOf(project, type));
  const put = (descriptor: MetricDescriptor): void => {
    table.set(descriptor.name, descriptor);
  };
  return {
    get,
    put,
    list: (project) =>
      [...builtInDescriptors(project), ...table.values(`projects/${project}/`)].sort((a, b) =>
        a.name < b.name ? -1 : 1,
      ),
    forWritten(project, { type, labels, metricKind, valueType, unit }) {
      const known = get(project, type);
      const keys = new Set(known?.labels.map(({ key }) => key));
      const added = labels.filter((key) => !keys.has(key)).map((key): LabelDescriptor => ({ key }));
      if (known && added.length === 0) return;
      put({
        ...(known ?? {
          ...{ name: nameOf(project, type), type, metricKind, valueType },
          ...(unit === undefined ? {} : { unit }),
        }),
        labels: [...(known?.labels ?? []), ...added],
      });
    },
    delete: (name) => table.delete(name),
  };
}

interface ListRequest {
  name: string;
  filter?: string;
  pageSize?: number;
  pageToken?: string;
  activeOnly?: boolean;
}

const invalid = (field: string, problem: string): ApiError =>
  new ApiError('INVALID_ARGUMENT', `Field ${field} had an invalid value: ${problem}`);

/** The methods about descriptors; `forget` drops the series of a type whose descriptor is deleted. */
export function metricDescriptorMethods(
  descriptors: MetricDescriptors,
  forget: (project: string, type: string) => void,
) {
  const split = (name: string): { project: string; type: string } => {
    const [, project = '', , ...type] = name.split('/');
    return { project, type: type.join('/') };
  };
  const found = (name: string): MetricDescriptor => {
    const { project, type } = split(name);
    const descriptor = descriptors.get(project, type);
    if (!descriptor)
      throw new ApiError(
        'NOT_FOUND',
        `Could not find descriptor for metric '${type}' in project '${project}'.`,
      );
    return descriptor;
  };
  return {
    ListMetricDescriptors({ name, filter = '', activeOnly, ...page }: ListRequest) {
      if (activeOnly === true)
        throw new ApiError('UNIMPLEMENTED', 'active_only: not part of the local cloud');
      const project = name.split('/')[1] ?? '';
      const { matches } = parseFilter(filter);
      const all = descriptors
        .list(project)
        .filter(({ type }) =>
          matches({ project, metric: { type, labels: {} }, resource: { type: '', labels: {} } }),
        );
      const { page: metricDescriptors, nextPageToken } = pageOf(all, (each) => each.name, page, 10_000);
      return { metricDescriptors, ...(nextPageToken === undefined ? {} : { nextPageToken }) };
    },
    GetMetricDescriptor: ({ name }: { name: string }) => found(name),
    CreateMetricDescriptor({
      name,
      metricDescriptor = {},
    }: {
      name: string;
      metricDescriptor?: Partial<MetricDescriptor>;
    }) {
      const { type = '', labels = [], metricKind = '', valueType = '' } = metricDescriptor;
      const typeProblem = metricTypeProblem(type);
      if (typeProblem !== undefined) throw invalid('metric_descriptor.type', `"${type}": ${typeProblem}`);
      const problem = kindProblem(metricKind, valueType) ?? labelProblem(labels);
      if (problem !== undefined) throw invalid('metric_descriptor', problem);
      const project = name.split('/')[1] ?? '';
      const known = descriptors.get(project, type);
      if (known && (known.metricKind !== metricKind || known.valueType !== valueType))
        throw invalid(
          'metric_descriptor',
          `'${type}' exists as ${known.metricKind} ${known.valueType}; its kind and its value type cannot be changed`,
        );
      const kept = new Set(labels.map(({ key }) => key));
      const descriptor = {
        ...metricDescriptor,
        ...{ name: nameOf(project, type), type, metricKind, valueType },
        labels: [...labels, ...(known?.labels ?? []).filter(({ key }) => !kept.has(key))],
      } as MetricDescriptor;
      descriptors.put(descriptor);
      return descriptor;
    },
    DeleteMetricDescriptor({ name }: { name: string }) {
      const { project, type } = split(name);
      const { name: full } = found(name);
      if (!isUserDefined(type))
        throw new ApiError('INVALID_ARGUMENT', `'${type}' is a metric of Google's and cannot be deleted`);
      forget(project, type);
      descriptors.delete(full);
      return {};
    },
  };
}
