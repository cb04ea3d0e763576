import { UsageError } from './command.ts';

/** `gs://bucket/prefix`, as an option gives it. */
export interface StorageAddress {
  readonly bucket: string;
  /** Without a slash at either end; empty for the whole bucket. */
  readonly prefix: string;
}

/** Throws UsageError that names the option. */
export function readStorageAddress(option: string, text: string): StorageAddress {
  const [, bucket, prefix = ''] = /^gs:\/\/([a-z0-9][a-z0-9._-]+)((?:\/[^/]+)*)\/?$/.exec(text) ?? [];
  if (bucket === undefined)
    throw new UsageError(`--${option} must have the form gs://bucket or gs://bucket/prefix, not ${text}`);
  return { bucket, prefix: prefix.slice(1) };
}
