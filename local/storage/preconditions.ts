import type { ObjectVersion } from './resources.ts';
import { NotModified, StorageError } from './storage-error.ts';

/** Decimal generations; `0` stands for "there is no live version". */
export interface Preconditions {
  readonly ifGenerationMatch?: string | undefined;
  readonly ifGenerationNotMatch?: string | undefined;
  readonly ifMetagenerationMatch?: string | undefined;
  readonly ifMetagenerationNotMatch?: string | undefined;
}

const names = [
  'ifGenerationMatch',
  'ifGenerationNotMatch',
  'ifMetagenerationMatch',
  'ifMetagenerationNotMatch',
] as const;

/** The preconditions of a query string, or with `prefix` `Source` those of a copy's source (`ifSourceGenerationMatch`). */
export function readPreconditions(query: URLSearchParams, prefix: '' | 'Source' = ''): Preconditions {
  return Object.fromEntries(
    names.flatMap((name) => {
      const given = prefix === '' ? name : name.replace('if', `if${prefix}`);
      const value = query.get(given);
      if (value === null || value === '') return [];
      if (!/^\d+$/.test(value))
        throw new StorageError('invalid', `Invalid value for ${given}: '${value}' is no generation`);
      return [[name, String(BigInt(value))]];
    }),
  );
}

/**
 * Throws `conditionNotMet` (412) unless `current`, the live version or undefined, meets every precondition.
 * A read whose only fault is that nothing has changed throws NotModified (304).
 * https://cloud.google.com/storage/docs/request-preconditions
 */
export function checkPreconditions(
  given: Preconditions,
  current: Pick<ObjectVersion, 'generation' | 'metageneration'> | undefined,
  kind: 'read' | 'write',
): void {
  const generation = current?.generation ?? '0';
  const metageneration = current?.metageneration;
  const fails =
    (given.ifGenerationMatch !== undefined && given.ifGenerationMatch !== generation) ||
    (given.ifMetagenerationMatch !== undefined && given.ifMetagenerationMatch !== metageneration);
  const isUnchanged =
    given.ifGenerationNotMatch === generation ||
    (given.ifMetagenerationNotMatch !== undefined && given.ifMetagenerationNotMatch === metageneration);
  if (!fails && isUnchanged && kind === 'read') throw new NotModified();
  if (fails || isUnchanged)
    throw new StorageError(
      'conditionNotMet',
      'At least one of the pre-conditions you specified did not hold.',
    );
}
