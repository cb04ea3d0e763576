import type {
  CloudRun,
  ListedRevision,
  RunRevision,
  RunService,
  TrafficTarget,
} from '../../functions/platform/cloud-run.ts';

/** Targets as people write them: `{ 'api-1': 90, 'api-2': 10 }`. */
export type Percents = Readonly<Record<string, number>>;

export interface MemoryRun extends CloudRun {
  /** A revision that is there, ready unless it says otherwise; with a tag it can be asked by itself. */
  addRevision(
    service: string,
    revision: Partial<RunRevision & ListedRevision> & { readonly name: string },
    tag?: string,
  ): void;
  /** Makes the service, or changes it as somebody beside us would: at once, and under a new etag. */
  change(service: string, percents: Percents, by: string): void;
  remove(service: string): void;
  /** Takes a revision away, its tag first: one with traffic cannot be. */
  removeRevision(service: string, name: string): void;
  /** From now on Cloud Run cannot serve what is asked for, for this reason. */
  failsToServe(why: string | undefined): void;
  /** What Cloud Run was made to change by `setTraffic`, in order. */
  readonly accepted: readonly { readonly service: string; readonly shares: Percents }[];
  asked(service: string): Percents;
  served(service: string): Percents;
  tags(service: string): (string | undefined)[];
}

interface Standing {
  traffic: readonly TrafficTarget[];
  serving: readonly TrafficTarget[];
  generation: number;
  /** So many looks more until the traffic that was asked for is worked through. */
  looksLeft: number;
  failure: string | undefined;
  open: boolean;
  lastModifier: string;
}

const percentsOf = (targets: readonly TrafficTarget[]): Percents =>
  Object.fromEntries(
    targets
      .filter(({ percent }) => percent > 0)
      .map(({ revision = '(latest)', percent }) => [revision, percent] as const)
      .sort(),
  );

const etagOf = ({ generation }: Standing): string => `"${generation}"`;

/**
 * Cloud Run as the functions meet it: a change needs the etag that was read, is accepted at once, and is served some looks
 * later, or not at all when a revision in it, be it at 0 % behind a tag, is not ready.
 */
export function memoryRun({ settleLooks = 2 }: { readonly settleLooks?: number } = {}): MemoryRun {
  const services = new Map<string, Standing>();
  const revisions = new Map<string, RunRevision & ListedRevision & { readonly service: string }>();
  const accepted: { service: string; shares: Percents }[] = [];
  let obstacle: string | undefined;

  const shortName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
  const ask = (standing: Standing, part: Partial<Standing>): void => {
    Object.assign(standing, part, { generation: standing.generation + 1, looksLeft: settleLooks });
  };
  const reconcile = (standing: Standing): void => {
    const spoilt = standing.traffic.find(({ revision = '' }) => revisions.get(revision)?.ready === 'no');
    const failure = spoilt ? `Revision '${spoilt.revision ?? ''}' is not ready.` : obstacle;
    standing.failure = failure;
    if (failure === undefined) standing.serving = standing.traffic;
  };
  const standingOf = (service: string): Standing => {
    const standing = services.get(service);
    if (!standing) throw new Error(`there is no service ${service}`);
    return standing;
  };
  const changed = (service: RunService, part: Partial<Standing>): Standing | undefined => {
    const standing = services.get(shortName(service.name));
    if (!standing || etagOf(standing) !== service.etag) return undefined;
    ask(standing, { ...part, lastModifier: 'slipway@p.iam.gserviceaccount.com' });
    return standing;
  };

  return {
    async service(name) {
      const standing = services.get(name);
      if (!standing) return undefined;
      const settled = standing.looksLeft === 0;
      if (!settled && (standing.looksLeft -= 1) === 0) reconcile(standing);
      return {
        name: `projects/p/locations/l/services/${name}`,
        etag: etagOf(standing),
        url: `http://${name}`,
        traffic: standing.traffic,
        serving: standing.serving.map((target) => ({
          ...target,
          url: target.tag === undefined ? undefined : `http://${target.tag}---${name}`,
        })),
        settled,
        failure: settled ? standing.failure : undefined,
        open: standing.open,
        lastModifier: standing.lastModifier,
      };
    },
    revision: async (_, name) => revisions.get(name),
    revisions: async (service) => [...revisions.values()].filter((revision) => revision.service === service),
    async setTraffic(service, traffic) {
      if (traffic.reduce((sum, { percent }) => sum + percent, 0) !== 100)
        throw new Error(`the percents do not add up: ${JSON.stringify(traffic)}`);
      const absent = traffic.find(({ revision = '' }) => !revisions.has(revision));
      if (absent) throw new Error(`revision ${absent.revision ?? ''} does not exist`);
      if (!changed(service, { traffic })) return false;
      accepted.push({ service: shortName(service.name), shares: percentsOf(traffic) });
      return true;
    },
    setOpen: async (service, open) => changed(service, { open }) !== undefined,
    async deleteRevision(service, name) {
      if (services.get(service)?.traffic.some(({ revision }) => revision === name)) return false;
      revisions.delete(name);
      return true;
    },

    addRevision(service, revision, tag) {
      const ready = { ready: 'yes', message: '', image: '', labels: {}, annotations: {} } as const;
      const createdAt = '2026-01-01T00:00:00.000Z';
      revisions.set(revision.name, { ...ready, createdAt, ...revision, service });
      const standing = services.get(service);
      if (!standing || tag === undefined) return;
      const target = { revision: revision.name, percent: 0, tag };
      standing.traffic = [...standing.traffic, target];
      standing.serving = [...standing.serving, target];
    },
    change(service, percents, by) {
      const before = services.get(service);
      const tags = (before?.traffic ?? []).filter(({ tag }) => tag !== undefined);
      const all = Object.entries(percents).map(([revision, percent]) => ({
        revision,
        percent,
        tag: undefined,
      }));
      const traffic = [...all, ...tags.map((target) => ({ ...target, percent: 0 }))];
      services.set(service, {
        traffic,
        serving: traffic,
        generation: (before?.generation ?? 0) + 1,
        looksLeft: 0,
        failure: undefined,
        open: before?.open ?? true,
        lastModifier: by,
      });
    },
    remove(service) {
      services.delete(service);
    },
    removeRevision(service, name) {
      const standing = standingOf(service);
      const isOther = ({ revision }: TrafficTarget): boolean => revision !== name;
      if (percentsOf(standing.traffic)[name] !== undefined) throw new Error(`${name} has traffic`);
      standing.traffic = standing.traffic.filter(isOther);
      standing.serving = standing.serving.filter(isOther);
      revisions.delete(name);
    },
    failsToServe(why) {
      obstacle = why;
    },
    accepted,
    asked: (service) => percentsOf(standingOf(service).traffic),
    served: (service) => percentsOf(standingOf(service).serving),
    tags: (service) => standingOf(service).traffic.flatMap(({ tag }) => (tag === undefined ? [] : [tag])),
  };
}
