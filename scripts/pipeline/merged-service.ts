import type { Placed } from './placed.ts';
import type { ServiceConfig } from './schema.ts';

/** A service as it is in one environment, and where its settings are written. */
export interface MergedService {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly tree: Placed;
}
