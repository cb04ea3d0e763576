import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describeError } from './describe-error.ts';
import type { Log } from './log.ts';
import { openMetadata, sendRequest } from './metadata.ts';
import type { Environment } from './metadata.ts';

/**
 * What this instance has answered, told to Cloud Monitoring every five seconds, so that a new revision can be compared
 * with the one before while it gets its first traffic; Cloud Run's own metrics come minutes later. Releases are judged
 * by it, so it is on wherever a revision runs, and needs nothing but Node.
 */
export interface RevisionMetrics {
  /** An answer begins now. What becomes of it is told to the result. */
  readonly begin: (request: IncomingMessage) => PendingAnswer;
  /** Counts the answers of an HTTP server, except at the paths in `uncounted`. */
  readonly watch: (server: Server, uncounted: ReadonlySet<string>) => void;
  /** Reports a last time, within `timeoutMs`. Never rejects. */
  readonly stop: (timeoutMs: number) => Promise<void>;
}

export type Outcome = 'ok' | 'error';

export interface PendingAnswer {
  /** Its first bytes are out, and that was its latency. Without this, the latency lasts until the end. */
  readonly begun: () => void;
  /** Counts it. Only the first call does. */
  readonly ended: (outcome: Outcome) => void;
}

/** Bounds between the latency buckets in milliseconds, 1 to 56,000: each about 12 % above the one before. */
export const latencyBoundsMs: readonly number[] = [1, 10, 100, 1000, 10_000]
  .flatMap((scale) =>
    [1, 1.12, 1.25, 1.4, 1.6, 1.8, 2, 2.24, 2.5, 2.8, 3.15, 3.55, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9].map(
      (step) => Math.round(step * scale * 100) / 100,
    ),
  )
  .filter((bound) => bound <= 56_000);

/** A series takes one point in five seconds, no more: https://cloud.google.com/monitoring/quotas */
const reportEveryMs = 5000;
const complainEveryMs = 600_000;

/** The platform's probes and the verification's are nobody's traffic. */
const probes = ['slipway-verification', 'GoogleHC/', 'kube-probe/'];

/** Starts to count and to report. Where no revision is named, outside Cloud Run, it does nothing at all. */
export function startRevisionMetrics(env: Environment, log: Log): RevisionMetrics {
  const { K_SERVICE: service, K_REVISION: revision } = env;
  if (!service || !revision) {
    return { begin: () => uncountedAnswer, watch() {}, stop: async () => {} };
  }
  const startedAt = Date.now();
  const task = { namespace: service, job: revision, task_id: randomUUID() };
  const counts = createCounts();
  const stopping = new AbortController();
  const write = createWriter(env, stopping.signal);
  let lastEnd = startedAt;
  let complainedAt = -Infinity;
  let reporting: Promise<void> | undefined;

  async function report(): Promise<void> {
    // The last report follows at once on the one before: its point is dated as late as the API will have it.
    const end = Math.max(Date.now(), lastEnd + reportEveryMs);
    lastEnd = end;
    const interval = { startTime: new Date(startedAt).toISOString(), endTime: new Date(end).toISOString() };
    const measured = counts.series();
    try {
      await write((place) =>
        measured.map(({ metric, valueType, value }) => ({
          metric,
          valueType,
          metricKind: 'CUMULATIVE',
          resource: { type: 'generic_task', labels: { ...place, ...task } },
          points: [{ interval, value }],
        })),
      );
    } catch (error) {
      if (Date.now() - complainedAt < complainEveryMs) return;
      complainedAt = Date.now();
      log('WARNING', `the metrics of this instance could not be reported: ${describeError(error)}`);
    }
  }

  const timer = setInterval(() => {
    reporting ??= report().finally(() => (reporting = undefined));
  }, reportEveryMs).unref();

  function begin({ headers }: IncomingMessage): PendingAnswer {
    const userAgent = headers['user-agent'] ?? '';
    if (probes.some((probe) => userAgent.startsWith(probe))) return uncountedAnswer;
    const began = performance.now();
    let latencyMs: number | undefined;
    let open = true;
    return {
      begun: () => void (latencyMs ??= performance.now() - began),
      ended(outcome) {
        if (open) counts.add(outcome, latencyMs ?? performance.now() - began);
        open = false;
      },
    };
  }

  return {
    begin,
    watch(server, uncounted) {
      server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
        const [path = '/'] = (request.url ?? '/').split('?', 1);
        if (uncounted.has(path)) return;
        const answer = begin(request);
        response.once('close', () => answer.ended(outcomeOf(request, response)));
      });
    },
    async stop(timeoutMs) {
      clearInterval(timer);
      const last = (reporting ?? Promise.resolve()).then(report);
      await Promise.race([last, delay(timeoutMs, undefined, { ref: false })]);
      stopping.abort();
    },
  };
}

const uncountedAnswer: PendingAnswer = { begun() {}, ended() {} };

/** A client that did not wait for its answer is no error of the service; an answer that the service broke off is. */
function outcomeOf({ socket }: IncomingMessage, response: ServerResponse): Outcome {
  if (response.headersSent && response.statusCode >= 500) return 'error';
  return response.writableFinished || socket.readableEnded || socket.errored ? 'ok' : 'error';
}

function createCounts() {
  const answers = { ok: 0, error: 0 };
  const bucketCounts: number[] = [];
  let mean = 0;
  let squares = 0;
  return {
    add(outcome: Outcome, latencyMs: number): void {
      answers[outcome] += 1;
      const above = latencyBoundsMs.findIndex((bound) => latencyMs < bound);
      const bucket = above === -1 ? latencyBoundsMs.length : above;
      while (bucketCounts.length <= bucket) bucketCounts.push(0);
      bucketCounts[bucket] = (bucketCounts[bucket] ?? 0) + 1;
      // Welford: the mean and the sum of squared deviations, value by value.
      const difference = latencyMs - mean;
      mean += difference / (answers.ok + answers.error);
      squares += difference * (latencyMs - mean);
    },
    /** As of now. Both outcomes are there from the start: no errors is a count, too. */
    series() {
      const ofOutcome = (outcome: Outcome) => ({
        metric: { type: 'custom.googleapis.com/slipway/answers', labels: { outcome } },
        valueType: 'INT64',
        value: { int64Value: String(answers[outcome]) },
      });
      const distributionValue = {
        count: String(answers.ok + answers.error),
        mean,
        sumOfSquaredDeviation: squares,
        bucketOptions: { explicitBuckets: { bounds: latencyBoundsMs } },
        bucketCounts: bucketCounts.map(String),
      };
      return [
        ofOutcome('ok'),
        ofOutcome('error'),
        {
          metric: { type: 'custom.googleapis.com/slipway/latencies', labels: {} },
          valueType: 'DISTRIBUTION',
          value: { distributionValue },
        },
      ];
    },
  };
}

interface Place {
  readonly project_id: string;
  readonly location: string;
}

/** Writes time series as the account that the instance runs as. Rejects when that fails, or takes too long. */
function createWriter(env: Environment, stopped: AbortSignal) {
  const metadata = openMetadata(env, stopped);
  const api = env['CLOUD_API_ENDPOINT'] || 'https://monitoring.googleapis.com';
  return async (timeSeries: (place: Place) => readonly object[]): Promise<void> => {
    const [project, location] = await Promise.all([metadata.project(), metadata.region()]);
    const headers = {
      authorization: `Bearer ${await metadata.accessToken()}`,
      'content-type': 'application/json',
    };
    const body = JSON.stringify({ timeSeries: timeSeries({ project_id: project, location }) });
    await sendRequest(`${api}/v3/projects/${project}/timeSeries`, { method: 'POST', headers, body }, stopped);
  };
}
