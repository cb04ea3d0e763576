import { ApiError } from './api-error.ts';
import { camelCase } from './proto-json.ts';

type Json = Record<string, unknown>;

/**
 * What `current` becomes when the paths of `mask` (`labels,push_config.push_endpoint`, either case) are taken from
 * `update`; a path that `update` lacks is cleared. INVALID_ARGUMENT for an empty mask and for a path outside `mutable`,
 * which lists the top-level fields that may change.
 */
export function applyFieldMask<T extends object>(
  current: T,
  update: Partial<T>,
  mask: string | undefined,
  mutable: readonly (keyof T & string)[],
): T {
  const paths = (mask ?? '')
    .split(',')
    .flatMap((path) => (path.trim() === '' ? [] : [camelCase(path.trim())]));
  if (paths.length === 0) {
    throw new ApiError('INVALID_ARGUMENT', 'The update_mask in the request must be set and not empty');
  }
  const result = structuredClone(current) as Json;
  for (const path of paths) {
    const [top = '', ...below] = path.split('.');
    if (!(mutable as readonly string[]).includes(top)) {
      throw new ApiError(
        'INVALID_ARGUMENT',
        `Invalid update_mask: '${path}' is unknown or cannot be changed`,
      );
    }
    copyPath(result, update, [top, ...below]);
  }
  return result as T;
}

function copyPath(target: Json, source: Json, [name = '', ...below]: readonly string[]): void {
  if (below.length > 0) {
    target[name] = { ...(target[name] ?? {}) };
    copyPath(target[name] as Json, (source[name] as Json | undefined) ?? {}, below);
    return;
  }
  if (source[name] === undefined) Reflect.deleteProperty(target, name);
  else target[name] = structuredClone(source[name]);
}
