import { decodeDistribution, DistributionError, encodeDistribution } from './distribution.ts';
import type { DataPoint, MetricValue, PointJson, ValueType } from './resources.ts';

const fieldOf = {
  BOOL: 'boolValue',
  INT64: 'int64Value',
  DOUBLE: 'doubleValue',
  STRING: 'stringValue',
  DISTRIBUTION: 'distributionValue',
} as const satisfies Record<ValueType, keyof NonNullable<PointJson['value']>>;

/** The value type that a TypedValue has, or undefined when it holds none or several. */
export function valueTypeOf(value: PointJson['value'] = {}): ValueType | undefined {
  const types = (Object.keys(fieldOf) as ValueType[]).filter((type) => value[fieldOf[type]] !== undefined);
  return types.length === 1 ? types[0] : undefined;
}

/** The value in a point of a client, or what is wrong with it. */
export function decodeValue(value: PointJson['value']): { value: MetricValue } | { problem: string } {
  const type = valueTypeOf(value);
  if (!value || type === undefined) return { problem: 'value must hold exactly one value' };
  if (value.int64Value !== undefined) {
    const number = Number(value.int64Value);
    return Number.isSafeInteger(number)
      ? { value: number }
      : { problem: 'int64_value: the local cloud counts up to 2^53 - 1' };
  }
  if (value.distributionValue !== undefined) {
    try {
      return { value: decodeDistribution(value.distributionValue) };
    } catch (error) {
      if (error instanceof DistributionError) return { problem: `distribution_value: ${error.message}` };
      throw error;
    }
  }
  return { value: value.boolValue ?? value.doubleValue ?? value.stringValue ?? '' };
}

export const rfc3339 = (ms: number): string => new Date(ms).toISOString();

export function encodePoint({ startMs, endMs, value }: DataPoint, valueType: ValueType): PointJson {
  const encoded =
    typeof value === 'object' ? encodeDistribution(value) : valueType === 'INT64' ? String(value) : value;
  return {
    interval: { startTime: rfc3339(startMs), endTime: rfc3339(endMs) },
    value: { [fieldOf[valueType]]: encoded },
  };
}
