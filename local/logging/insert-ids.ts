import { randomBytes } from 'node:crypto';
import type { Clock } from '../core/clock.ts';

/**
 * Ids for entries, in the order in which they are made: entries of one millisecond stay in the order of their writing.
 * The random end keeps those of two runs apart.
 */
export function createInsertIds(clock: Clock): () => string {
  const end = randomBytes(3).toString('hex');
  let count = 0;
  return () => {
    count += 1;
    return `${clock.now().toString(36).padStart(9, '0')}${count.toString(36).padStart(6, '0')}${end}`;
  };
}
