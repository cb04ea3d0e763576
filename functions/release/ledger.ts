import { z } from 'zod';
import type { Bucket } from '../platform/cloud-storage.ts';
import { objects, releaseOf, serviceOf, type ReleaseKey } from './naming.ts';
import { isSettled, orderOf, releaseSchema, type Release } from './release.ts';
import {
  newServiceRecord,
  serviceSchema,
  type RollbackRequest,
  type ServiceRecord,
} from './service-record.ts';
import { transition, type Observation } from './transitions.ts';

/** What became of an observation that was brought to the ledger. */
export type Recorded =
  | { readonly kind: 'changed' | 'unchanged'; readonly release: Release }
  | { readonly kind: 'refused'; readonly release: Release; readonly reason: string }
  | { readonly kind: 'unknown-release' };

/**
 * The durable state of the pipeline: one JSON object a release and one a service, written by compare-and-set against
 * the generation that was read. The layout is in `naming.ts`.
 */
export interface Ledger {
  release(key: ReleaseKey): Promise<Release | undefined>;
  /** The newest release of a commit, of those that its builds have made for the service. */
  ofCommit(service: string, commit: string): Promise<Release | undefined>;
  /** Writes the release unless it exists; the one that stands then. */
  create(release: Release): Promise<Release>;
  /** Brings an observation to the release, again and again until it is written or says nothing new. */
  record(key: ReleaseKey, seen: Observation): Promise<Recorded>;
  service(name: string): Promise<ServiceRecord>;
  /** Names of the services that have a record. */
  services(): Promise<string[]>;
  /** `change` gets the record that stands and returns the new one, or undefined to leave it. The one that stands then. */
  updateService(
    name: string,
    change: (record: ServiceRecord) => ServiceRecord | undefined,
  ): Promise<ServiceRecord>;
  /**
   * Writes down that a service is to be rolled back, beside what else `change` does to its record (undefined: not after
   * all). One request at a time: the record that stands then may hold another's. A person's comes before an automatic one.
   */
  requestRollback(
    name: string,
    request: RollbackRequest,
    change?: (record: ServiceRecord) => ServiceRecord | undefined,
  ): Promise<ServiceRecord>;
  /** The generation of the marker of a rollback that was asked for: read it before the service, hand it to `closeRollback`. */
  rollbackMarker(name: string): Promise<string | undefined>;
  /** The tick need not look for the rollback's sake any more, unless another was asked for since `marker` was read. */
  closeRollback(name: string, marker: string): Promise<void>;
  /** Names of the markers: every release that may still need something done, and every rollback that is not done. */
  active(): Promise<string[]>;
  /** The generation of the release's marker: read it before the release, hand it to `close`. */
  marker(key: ReleaseKey): Promise<string | undefined>;
  /** The release is settled and reported: the tick need not look again, unless it has moved since `marker` was read. */
  close(key: ReleaseKey, marker: string): Promise<void>;
}

/** Many writers at once are rare; this many losses in a row mean that something else is wrong. */
const maxAttempts = 20;

export interface LedgerTime {
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}

/** Reads a record, and says so plainly when another version of the pipeline has written it. */
function parse<T>(schema: z.ZodType<T>, object: string, text: string): T {
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const problems = z.prettifyError(parsed.error);
  throw new Error(`${object} cannot be read: another version of the pipeline wrote it?\n${problems}`);
}

export function openLedger(bucket: Bucket, time: LedgerTime): Ledger {
  const readRelease = async (
    key: ReleaseKey,
  ): Promise<{ release: Release; generation: string } | undefined> => {
    const stored = await bucket.read(objects.release(key));
    return (
      stored && {
        release: parse(releaseSchema, objects.release(key), stored.text),
        generation: stored.generation,
      }
    );
  };

  /** Google takes about one write a second to one object: back off a little more at each loss. */
  const untilWritten = async <T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> => {
    for (let lost = 0; lost < maxAttempts; lost += 1) {
      const result = await attempt();
      if (result !== undefined) return result;
      await time.sleep(Math.min(50 * 2 ** lost, 2_000));
    }
    throw new Error(`${what} was changed by others ${maxAttempts} times in a row`);
  };

  const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

  const readService = (name: string, stored: { text: string } | undefined): ServiceRecord =>
    stored ? parse(serviceSchema, objects.service(name), stored.text) : newServiceRecord(name);

  const updateService: Ledger['updateService'] = (name, change) =>
    untilWritten(`service ${name}`, async () => {
      const stored = await bucket.read(objects.service(name));
      const record = readService(name, stored);
      const next = change(record);
      if (next === undefined) return record;
      const written = await bucket.writeIf(objects.service(name), pretty(next), stored?.generation ?? '0');
      return written === undefined ? undefined : next;
    });

  return {
    release: async (key) => (await readRelease(key))?.release,

    async ofCommit(service, commit) {
      const prefix = objects.release({ service, id: `${commit.slice(0, 7)}-` }).replace(/\.json$/, '');
      const names = await bucket.list(prefix);
      const releases = await Promise.all(
        names.flatMap(releaseOf).map(async (key) => (await readRelease(key))?.release),
      );
      return releases
        .filter((release) => release?.commit === commit)
        .sort((a, b) => (a && b && orderOf(a) < orderOf(b) ? 1 : -1))[0];
    },

    create: (release) =>
      untilWritten(`release ${release.service}/${release.id}`, async () => {
        const existing = await readRelease(release);
        if (existing) return existing.release;
        // The marker first: a release without a marker would be out of the tick's sight if we died in between.
        await bucket.write(objects.active(release), '', 'text/plain');
        const written = await bucket.writeIf(objects.release(release), pretty(release), '0');
        return written === undefined ? undefined : release;
      }),

    record: (key, seen) =>
      untilWritten<Recorded>(`release ${key.service}/${key.id}`, async () => {
        const stored = await readRelease(key);
        if (!stored) return { kind: 'unknown-release' };
        const result = transition(stored.release, seen, time.now().toISOString());
        switch (result.kind) {
          case 'unchanged':
            return { kind: 'unchanged', release: stored.release };
          case 'refused':
            return { kind: 'refused', release: stored.release, reason: result.reason };
          case 'changed': {
            // A settled release that moves again (live → replaced, taken back) has something to report again. The marker
            // before, in case we die in between; and after, in case it was closed on the strength of the old record.
            const mark = isSettled(stored.release)
              ? () => bucket.write(objects.active(key), '', 'text/plain')
              : () => Promise.resolve();
            await mark();
            const written = await bucket.writeIf(
              objects.release(key),
              pretty(result.release),
              stored.generation,
            );
            if (written === undefined) return undefined;
            await mark();
            return { kind: 'changed', release: result.release };
          }
        }
      }),

    service: async (name) => readService(name, await bucket.read(objects.service(name))),
    services: async () => (await bucket.list('services/')).flatMap(serviceOf),

    updateService,
    async requestRollback(name, request, change = (record) => record) {
      // The marker first: a request that nobody looks at would be worse than a look for nothing.
      await bucket.write(objects.rollback(name), '', 'text/plain');
      return updateService(name, (record) => {
        const standing = record.rollbackRequest;
        if (standing && (standing.release === undefined || request.release !== undefined)) return undefined;
        const changed = change(record);
        return changed && { ...changed, rollbackRequest: request };
      });
    },
    rollbackMarker: async (name) => (await bucket.read(objects.rollback(name)))?.generation,
    closeRollback: (name, marker) => bucket.remove(objects.rollback(name), marker),

    active: () => bucket.list('active/'),
    marker: async (key) => (await bucket.read(objects.active(key)))?.generation,
    close: (key, marker) => bucket.remove(objects.active(key), marker),
  };
}
