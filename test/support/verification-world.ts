import type { RevisionLog } from '../../functions/platform/cloud-logging.ts';
import type { RevisionAnswers } from '../../functions/platform/monitoring.ts';
import { openLedger, type Ledger } from '../../functions/release/ledger.ts';
import { candidateTag, objects } from '../../functions/release/naming.ts';
import { evidenceSchema, type Evidence } from '../../functions/release/evidence.ts';
import { policyAnnotation } from '../../functions/release/policy.ts';
import type { Probe, Release } from '../../functions/release/release.ts';
import { newServiceRecord, type ServiceRecord } from '../../functions/release/service-record.ts';
import { handleVerificationHint } from '../../functions/verification/handler.ts';
import type { VerificationPorts } from '../../functions/verification/ports.ts';
import { memoryBucket, type MemoryBucket } from './memory-bucket.ts';
import { memoryRun, type MemoryRun } from './memory-run.ts';

type Answer = Partial<Probe> & Pick<Probe, 'outcome'>;

/** Everything that verification meets, in memory; time moves only while somebody sleeps or is asked. */
export interface VerificationWorld {
  readonly ports: VerificationPorts & { topics: { publish: VerificationPorts['topics']['publish'] } };
  readonly ledger: Ledger;
  readonly bucket: MemoryBucket;
  readonly run: MemoryRun;
  readonly hints: unknown[];
  readonly warnings: string[];
  /** What the candidate answers, by the second since the beginning. */
  answers(answer: (second: number) => Answer): void;
  /** What its log says, and how often it was read. */
  readonly log: {
    says: { -readonly [K in keyof RevisionLog]: RevisionLog[K] };
    reads: number;
    /** How often the container's own lines were among what was read. */
    containerReads: number;
  };
  /** What instances report and Cloud Run measures between two seconds since the beginning. */
  metrics: {
    reported: (from: number, to: number) => readonly RevisionAnswers[];
    measured: (from: number, to: number) => readonly RevisionAnswers[];
  };
  readonly asked: { readonly source: 'reported' | 'measured'; readonly from: number; readonly to: number }[];
  /** Before each sleep; for what others do meanwhile. */
  meanwhile: (second: number) => Promise<void>;
  readonly seconds: number;
  pass(seconds: number): void;
  at(second: number): string;
  stand(release: Release, record?: Partial<ServiceRecord>): Promise<void>;
  handle(release: Release): Promise<void>;
  release(release: Release): Promise<Release>;
  evidence(release: Release): Evidence;
}

const start = Date.parse('2026-02-01T12:00:00.000Z');

export function verificationWorld(): VerificationWorld {
  let now = start;
  let answer: (second: number) => Answer = () => ({ outcome: 'ok' });
  const bucket = memoryBucket();
  const run = memoryRun();
  const hints: unknown[] = [];
  const warnings: string[] = [];
  const asked: { source: 'reported' | 'measured'; from: number; to: number }[] = [];
  const log: VerificationWorld['log'] = { says: { system: [], container: [] }, reads: 0, containerReads: 0 };
  const secondOf = (time: Date | number): number => (Number(time) - start) / 1000;
  const at = (second: number): string => new Date(start + second * 1000).toISOString();

  const time = {
    now: () => new Date(now),
    async sleep(milliseconds: number) {
      await world.meanwhile(secondOf(now));
      now += milliseconds;
    },
  };
  const ledger = openLedger(bucket, time);
  const read = (source: 'reported' | 'measured') => async (_service: string, from: Date, to: Date) => {
    asked.push({ source, from: secondOf(from), to: secondOf(to) });
    return world.metrics[source](secondOf(from), secondOf(to));
  };
  const ports: VerificationWorld['ports'] = {
    ...time,
    run,
    bucket,
    ledger,
    topics: { publish: async (_topic, payload) => void hints.push(payload) },
    log(severity, message) {
      if (severity !== 'INFO') warnings.push(message);
    },
    logging: {
      async revision(_service, _revision, _limit, lines = 'all') {
        log.reads += 1;
        if (lines === 'system') return { ...log.says, container: [] };
        log.containerReads += 1;
        return log.says;
      },
    },
    monitoring: { reported: read('reported'), measured: read('measured') },
    identityToken: async (audience) => `token for ${audience}`,
    prober: (target) => ({
      async look() {
        const seen = answer(secondOf(now));
        return [{ at: new Date(now).toISOString(), latencyMs: 5, revision: target.revision, ...seen }];
      },
      stop: () => undefined,
    }),
  };

  const world: VerificationWorld = {
    ports,
    ledger,
    bucket,
    run,
    hints,
    warnings,
    log,
    asked,
    metrics: { reported: () => [], measured: () => [] },
    meanwhile: async () => undefined,
    answers(next) {
      answer = next;
    },
    get seconds() {
      return secondOf(now);
    },
    pass(seconds) {
      now += seconds * 1000;
    },
    at,
    async stand(release, record = {}) {
      await bucket.write(objects.release(release), JSON.stringify(release), '');
      const service = { ...newServiceRecord(release.service), ...record };
      await bucket.write(objects.service(release.service), JSON.stringify(service), '');
      const { revision, image = '', policy } = release.candidate ?? {};
      if (revision === undefined) return;
      if (!(await run.service(release.service))) run.change(release.service, { [revision]: 100 }, 'deploy');
      const annotations = { [policyAnnotation]: JSON.stringify(policy) };
      run.addRevision(release.service, { name: revision, image, annotations }, candidateTag(release));
    },
    handle: ({ service, id }) => handleVerificationHint(ports, { service, release: id }),
    async release(release) {
      const found = await ledger.release(release);
      if (!found) throw new Error(`there is no release ${release.id}`);
      return found;
    },
    evidence: (release) =>
      evidenceSchema.parse(JSON.parse(bucket.objects.get(objects.evidence(release))?.text ?? 'null')),
  };
  return world;
}
