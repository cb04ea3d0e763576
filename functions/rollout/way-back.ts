import type { RunService } from '../platform/cloud-run.ts';
import type { Release } from '../release/release.ts';
import type { ServiceRecord, Serving } from '../release/service-record.ts';
import { schemaTooOld } from '../release/steps.ts';
import { silence, unready } from './fitness.ts';
import type { RolloutPorts } from './ports.ts';

/** Where the traffic of a release goes back to. */
export type WayBack =
  | { readonly kind: 'to'; readonly target: Serving }
  /** Nothing was ever released before: what serves goes on serving. */
  | { readonly kind: 'first' }
  | { readonly kind: 'blocked'; readonly cause: 'irreversible' | 'no-way-back'; readonly reason: string };

/** The last revision known good, checked to exist and to answer; the one before it where that one does not. */
export async function findWayBack(
  ports: RolloutPorts,
  release: Release,
  record: ServiceRecord,
  service: RunService,
): Promise<WayBack> {
  const targets = [record.stable, record.previousGood].filter(
    (serving) => serving !== undefined && serving.release !== release.id,
  ) as Serving[];
  const refusals: string[] = [];
  for (const target of targets) {
    const tooOld = schemaTooOld(target, record);
    if (tooOld !== undefined) return { kind: 'blocked', cause: 'irreversible', reason: tooOld };
    const refusal =
      (await unready(ports, release.service, target.revision)) ?? (await silence(ports, target, service));
    if (refusal === undefined) return { kind: 'to', target };
    refusals.push(refusal);
  }
  return targets.length === 0
    ? { kind: 'first' }
    : { kind: 'blocked', cause: 'no-way-back', reason: refusals.join('; ') };
}
