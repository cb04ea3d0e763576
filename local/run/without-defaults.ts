/** Fields that are maps of texts: an empty text in them is a value. */
const maps = new Set(['labels', 'annotations', 'limits']);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isDefault = (value: unknown): boolean =>
  value === '' ||
  value === 0 ||
  value === '0' ||
  value === false ||
  (typeof value === 'string' && /^[A-Z_]+_UNSPECIFIED$/.test(value)) ||
  (Array.isArray(value) && value.length === 0);

/**
 * A message in proto3 JSON without the fields that have their default value: in proto3 that is the same as leaving them
 * out, and some clients send every field of what they have read. An empty message stays, it means that it is set.
 */
export function withoutDefaults<T>(message: T): T {
  if (Array.isArray(message)) return message.map(withoutDefaults) as T;
  if (!isObject(message)) return message;
  return Object.fromEntries(
    Object.entries(message).flatMap(([key, value]) => {
      if (maps.has(key)) return isObject(value) && Object.keys(value).length > 0 ? [[key, value]] : [];
      return isDefault(value) ? [] : [[key, withoutDefaults(value)]];
    }),
  ) as T;
}
