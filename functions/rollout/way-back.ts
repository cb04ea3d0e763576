import type { RunService } from '../platform/cloud-run.ts';
import type { Release, ServiceRecord, Serving } from '../release/release.ts';
import { schemaTooOld } from '../release/steps.ts';
import { candidateTag } from '../release/naming.ts';
import type { RolloutPorts } from './ports.ts';

/** Where the traffic of a release goes back to. */
export type WayBack =
  | { readonly kind: 'to'; readonly target: Serving }
  /** Nothing was ever released before: what serves goes on serving. */
  | { readonly kind: 'first' }
  | { readonly kind: 'blocked'; readonly cause: 'irreversible' | 'no-way-back'; readonly reason: string };

const attempts = 3;
const pauseMs = 300;

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
    const refusal = await unfit(ports, target, service);
    if (refusal === undefined) return { kind: 'to', target };
    refusals.push(refusal);
  }
  return targets.length === 0
    ? { kind: 'first' }
    : { kind: 'blocked', cause: 'no-way-back', reason: refusals.join('; ') };
}

async function unfit(ports: RolloutPorts, target: Serving, service: RunService): Promise<string | undefined> {
  const { revision, release: id } = target;
  const name = revision.slice(0, -(id.length + 1));
  const found = await ports.run.revision(name, revision);
  if (!found) return `${revision} does not exist any more`;
  if (found.ready !== 'yes') return `${revision} is not ready: ${found.message}`;
  const release = await ports.ledger.release({ service: name, id });
  const tag = candidateTag({ service: name, id });
  const url = service.serving.find((entry) => entry.tag === tag && entry.revision === revision)?.url;
  // Without an address of its own nobody can ask it; that it is ready is what there is to know.
  if (!release?.candidate || url === undefined) return undefined;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (attempt > 0) await ports.sleep(pauseMs);
    if (await ports.answers(service, url, revision, release.candidate.policy.health)) return undefined;
  }
  return `${revision} does not answer ${release.candidate.policy.health.path} as it should`;
}
