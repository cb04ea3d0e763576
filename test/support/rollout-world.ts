import type { Severity } from '../../functions/platform/log.ts';
import { openLedger, type Ledger } from '../../functions/release/ledger.ts';
import { candidateTag, objects } from '../../functions/release/naming.ts';
import { releaseSchema, type Release } from '../../functions/release/release.ts';
import {
  newServiceRecord,
  serviceSchema,
  type ServiceRecord,
} from '../../functions/release/service-record.ts';
import { handleRolloutHint } from '../../functions/rollout/handler.ts';
import type { RolloutPorts } from '../../functions/rollout/ports.ts';
import { memoryBucket, type MemoryBucket } from './memory-bucket.ts';
import { memoryRun, type MemoryRun, type Percents } from './memory-run.ts';
import { portCalls, type PortCalls } from './port-calls.ts';

/** Everything that rollout meets, in memory; time moves only while somebody sleeps. */
export interface RolloutWorld {
  readonly ports: RolloutPorts;
  readonly ledger: Ledger;
  readonly bucket: MemoryBucket;
  readonly run: MemoryRun;
  readonly calls: PortCalls;
  /** Revisions that do not answer their health path. */
  readonly mute: Set<string>;
  readonly hints: unknown[];
  readonly logged: { readonly severity: Severity; readonly message: string }[];
  /** What pages. */
  pages(): string[];
  /** Writes records down as if they had come about; a release's revision is made with them. */
  stand(service: Partial<ServiceRecord>, ...releases: readonly Release[]): Promise<void>;
  /** Cloud Run serves this, and nobody is surprised. */
  serve(percents: Percents): Promise<void>;
  pass(seconds: number): void;
  handle(release?: string, service?: string): Promise<void>;
  release(id: string, service?: string): Promise<Release>;
  record(service?: string): Promise<ServiceRecord>;
  /** All that is left in the end, whenever it was: the records, and what Cloud Run was made to do. */
  outcome(): unknown;
}

/** Later than whatever the releases of the tests are made of. */
const start = Date.parse('2026-02-01T12:00:00.000Z');

export function rolloutWorld(): RolloutWorld {
  let now = start;
  const bucket = memoryBucket();
  const run = memoryRun();
  const calls = portCalls();
  const mute = new Set<string>();
  const hints: unknown[] = [];
  const logged: { severity: Severity; message: string }[] = [];
  const time = {
    now: () => new Date(now),
    async sleep(milliseconds: number) {
      now += milliseconds;
    },
  };
  const ledger = openLedger(bucket, time);
  const outside = calls.through('out', {
    async publish(_topic: string, payload: unknown) {
      hints.push(payload);
    },
    answers: async (_service: unknown, _url: string, revision: string) => !mute.has(revision),
  });
  const ports: RolloutPorts = {
    ...time,
    run: calls.through('run', run),
    ledger: openLedger(calls.through('bucket', bucket), time),
    topics: { publish: outside.publish },
    answers: outside.answers,
    log: (severity, message) => void logged.push({ severity, message }),
  };
  const json = (value: unknown): string => JSON.stringify(value);

  return {
    ports,
    ledger,
    bucket,
    run,
    calls,
    mute,
    hints,
    logged,
    pages: () => logged.flatMap(({ severity, message }) => (severity === 'CRITICAL' ? [message] : [])),
    async stand(service, ...releases) {
      for (const release of releases) {
        await bucket.write(objects.release(release), json(releaseSchema.parse(release)), '');
        const { revision: name, image } = release.candidate ?? {};
        if (name === undefined) continue;
        // The deploy of a service's first revision gives it everything.
        if (!(await run.service(release.service))) run.change(release.service, { [name]: 100 }, 'deploy');
        run.addRevision(release.service, { name, image: image ?? '' }, candidateTag(release));
      }
      const name = service.service ?? 'api';
      const record = { ...newServiceRecord(name), ...service };
      await bucket.write(objects.service(name), json(serviceSchema.parse(record)), '');
    },
    async serve(percents) {
      run.change('api', percents, 'slipway@p.iam.gserviceaccount.com');
      const asked = Object.entries(percents).map(([revision, percent]) => ({ revision, percent }));
      const at = time.now().toISOString();
      await ledger.updateService('api', (record) => ({
        ...record,
        traffic: { asked, before: [], at, by: 'x' },
      }));
    },
    pass(seconds) {
      now += seconds * 1000;
    },
    handle: (release, service = 'api') =>
      handleRolloutHint(ports, { service, ...(release === undefined ? {} : { release }) }),
    async release(id, service = 'api') {
      const found = await ledger.release({ service, id });
      if (!found) throw new Error(`there is no release ${id}`);
      return found;
    },
    record: (service = 'api') => ledger.service(service),
    outcome() {
      const timeless = (_key: string, value: unknown): unknown =>
        typeof value === 'string' ? value.replaceAll(/2026-02-\d\dT[\d:.]+Z/g, '(then)') : value;
      return {
        objects: Object.fromEntries(
          [...bucket.objects].map(([name, { text }]): [string, unknown] => [
            name,
            text === '' ? '' : (JSON.parse(text, timeless) as unknown),
          ]),
        ),
        accepted: run.accepted,
        served: run.served('api'),
      };
    },
  };
}
