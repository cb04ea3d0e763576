import type { Records } from './checks/records.ts';
import { harmless } from './world/artifacts.ts';
import type { FaultKind } from './world/faults.ts';
import type { World } from './world/world.ts';

/** What happened in a world, counted. */
export interface Figures {
  readonly services: number;
  readonly releases: number;
  readonly events: number;
  readonly deliveries: number;
  readonly crashes: number;
  readonly apiFaults: number;
  readonly messageFaults: number;
  readonly platformFaults: number;
  readonly personsActions: number;
  readonly reachedLive: number;
  readonly automaticRollbacks: number;
  /** Of revisions in which nothing is wrong. */
  readonly needlessRollbacks: number;
  readonly freezes: number;
  readonly superseded: number;
  readonly deadLetters: number;
  readonly statusPosts: number;
  readonly virtualHours: number;
  readonly detectionMs: readonly number[];
}

const crashes: readonly FaultKind[] = ['crash-before', 'crash-after', 'hang'];
const messages: readonly FaultKind[] = ['lost', 'late', 'duplicate'];
const platform: readonly FaultKind[] = ['not-served', 'slow-reconcile'];

export function countFigures(world: World, records: Records, detectionMs: readonly number[]): Figures {
  const releases = records.releases();
  const services = world.cloud.run.services().map(({ name }) => records.service(name));
  const { injected } = world.faults;
  const of = (kinds: readonly FaultKind[]): number =>
    injected.filter(({ kind }) => kinds.includes(kind)).length;
  const natureOf = (service: string, release: string): string =>
    world.cloud.run.revision(service, `${service}-${release}`)?.artifact.nature ?? 'unknown';
  const taken = services.flatMap(({ service, quarantine }) =>
    quarantine.map(({ release }) => natureOf(service, release)),
  );
  const isHarmless = new Set<string>(harmless);
  return {
    services: services.length,
    releases: releases.length,
    events: world.clock.events,
    deliveries: world.cloud.messages.deliveries,
    crashes: world.processes.crashed,
    apiFaults: injected.length - of(crashes) - of(messages) - of(platform),
    messageFaults: of(messages),
    platformFaults: of(platform),
    personsActions: world.actions.filter(({ kind }) => kind !== 'noise').length,
    reachedLive: releases.filter(({ history }) => history.some(({ stage }) => stage === 'live')).length,
    automaticRollbacks: taken.length,
    needlessRollbacks: taken.filter((nature) => isHarmless.has(nature)).length,
    freezes: services.flatMap(({ log }) => log.filter(({ what }) => what === 'frozen')).length,
    superseded: releases.filter(({ stage }) => stage === 'superseded').length,
    deadLetters: world.cloud.messages.deadLetters.length,
    statusPosts: world.cloud.hub.posts,
    virtualHours: (world.clock.now() - world.startedAt) / 3_600_000,
    detectionMs,
  };
}
