import { ApiError } from '../core/api-error.ts';

/** Milliseconds of a proto3 JSON Duration such as `600s` or `0.5s`; INVALID_ARGUMENT names `field` otherwise. */
export function durationMs(text: string, field: string): number {
  const match = /^(-?\d+(?:\.\d{1,9})?)s$/.exec(text);
  if (!match)
    throw new ApiError(
      'INVALID_ARGUMENT',
      `Invalid value at '${field}': '${text}' is no duration such as '10s'`,
    );
  return Number(match[1]) * 1000;
}
