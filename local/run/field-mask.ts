import { applyFieldMask } from '../core/field-mask.ts';
import { camelCase } from '../core/proto-json.ts';
import type { ServiceSpec } from './resources.ts';

/** The fields of a service that are the user's to set. */
const userFields: readonly (keyof ServiceSpec)[] = [
  ...(['description', 'labels', 'annotations', 'client', 'clientVersion', 'ingress', 'launchStage'] as const),
  ...(['binaryAuthorization', 'template', 'traffic', 'scaling', 'invokerIamDisabled'] as const),
  ...(['defaultUriDisabled', 'iapEnabled', 'multiRegionSettings', 'customAudiences', 'buildConfig'] as const),
];

/** Set by the service: a mask may name them (clients send back what they have read), but nothing comes of it. */
const outputFields = new Set([
  ...['name', 'uid', 'generation', 'createTime', 'updateTime', 'deleteTime', 'expireTime', 'creator', 'etag'],
  ...['lastModifier', 'observedGeneration', 'terminalCondition', 'conditions', 'latestReadyRevision', 'urls'],
  ...['latestCreatedRevision', 'trafficStatuses', 'uri', 'satisfiesPzs', 'threatDetectionEnabled'],
  'reconciling',
]);

const pathsOf = (mask: string | undefined): string[] =>
  (mask ?? '')
    .split(',')
    .map((path) => camelCase(path.trim()))
    .filter((path) => path !== '');

const headOf = (path: string): string => path.split('.')[0] ?? '';

/** Without a mask, or with `*`, a body is the whole of what the user wants. */
export const isWhole = (mask: string | undefined): boolean =>
  pathsOf(mask).length === 0 || pathsOf(mask).includes('*');

/** Whether an update with this mask speaks of the template at all. */
export const touchesTemplate = (mask: string | undefined): boolean =>
  isWhole(mask) || pathsOf(mask).some((path) => headOf(path) === 'template');

/** Only what the user may set: output fields of a body are dropped. */
export const specOf = (service: ServiceSpec): ServiceSpec =>
  Object.fromEntries(
    Object.entries(service).filter(([key]) => (userFields as readonly string[]).includes(key)),
  );

/**
 * What the user wants after an update: `body` where the mask says so, else what was. Throws INVALID_ARGUMENT for a path
 * that a service has not got.
 */
export function wantedSpec(current: ServiceSpec, body: ServiceSpec, mask: string | undefined): ServiceSpec {
  if (isWhole(mask)) return specOf(body);
  const paths = pathsOf(mask).filter((path) => !outputFields.has(headOf(path)));
  return paths.length === 0 ? current : applyFieldMask(current, specOf(body), paths.join(','), userFields);
}
