import { cloudEvent } from '@google-cloud/functions-framework';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTelemetry } from 'slipway-telemetry/telemetry.ts';
import { handleAlert } from './alerts/handler.ts';
import { decodeAlert } from './alerts/incident.ts';
import { handleBuildAndPushHint } from './build-status/handle-build-and-push.ts';
import { decodeBuildHint } from './build-status/handler.ts';
import { cancelOvertakenChecks } from './concurrency/handler.ts';
import { traceAttribute } from './event-attributes.ts';
import { openBuilds } from './platform/cloud-build.ts';
import { openLogging } from './platform/cloud-logging.ts';
import { openCloudRun } from './platform/cloud-run.ts';
import { browserOrigin, openBucket } from './platform/cloud-storage.ts';
import { readConfig } from './platform/config.ts';
import { browserAddress, openGitHub } from './platform/github.ts';
import { createGoogleApi } from './platform/google-api.ts';
import { identityToken } from './platform/identity-token.ts';
import { openMonitoring } from './platform/monitoring.ts';
import { openTopics } from './platform/pubsub.ts';
import { watchRequestTraces } from './platform/request-trace.ts';
import { tracedTopics } from './platform/traced-topics.ts';
import { openLedger } from './release/ledger.ts';
import { artifacts } from './release/naming.ts';
import { reportBeforeEnd } from './report-before-end.ts';
import { decodeReleaseStatusHint, handleReleaseStatusHint } from './release-status/handler.ts';
import { decodeRolloutHint, handleRolloutHint } from './rollout/handler.ts';
import { subscriber } from './subscriber.ts';
import { handleTick } from './tick/handler.ts';
import { createEventTracer, type EventHandler } from './traced-event.ts';
import { decodeVerificationHint, handleVerificationHint } from './verification/handler.ts';
import { createProber } from './verification/prober.ts';
import { probeOnce } from './verification/probe.ts';
import type { VerificationPorts } from './verification/ports.ts';
import type { RolloutPorts } from './rollout/ports.ts';

/*
 * Every function of the pipeline. One bundle holds them all; FUNCTION_TARGET says which one a process is.
 * Opening an adapter costs nothing: each loads its client when it is first used.
 */
const config = readConfig();
const { project, region } = config;
const telemetry = startTelemetry({ env: process.env, serviceName: 'slipway', project });
const { log } = telemetry;
const traced = createEventTracer(telemetry, watchRequestTraces(), () => {
  reportBeforeEnd(telemetry);
});
const repository = `${config.repository.owner}/${config.repository.name}`;
const api = createGoogleApi(config.cloudApiEndpoint);
const bucket = openBucket(api, config.bucket);
const time = { now: () => new Date(), sleep: async (milliseconds: number) => sleep(milliseconds) };
const ledger = openLedger(bucket, time);
const topics = tracedTopics(openTopics(api, project), traceAttribute, telemetry.traceparent);
const run = openCloudRun(api, project, region);
const github = openGitHub({
  apiUrl: config.githubApiUrl,
  token: config.githubToken,
  repository: config.repository,
});
const common = { bucket, ledger, topics, log, report: telemetry.report, ...time };

const buildStatus = {
  ...common,
  github,
  builds: openBuilds(api, project, region),
  repository,
  summaryUrl: (service: string, buildId: string) =>
    `${browserOrigin(config.cloudApiEndpoint)}/${artifacts.bucket(project)}/${artifacts.summary(service, buildId)}`,
};
const tokenFor = (audience: string): Promise<string> => identityToken(config.metadataHost, audience);
const verification: VerificationPorts = {
  ...common,
  run,
  logging: openLogging(api, project),
  monitoring: openMonitoring(api, project, region),
  prober: (target, health, options) => createProber(target, health, { ...options, now: time.now }),
  identityToken: tokenFor,
};
/** How long the first answer of a revision that has no instance may take. */
const coldStartSeconds = 30;
const rollout: RolloutPorts = {
  ...common,
  run,
  async answers(service, url, revision, health) {
    const token = service.open ? undefined : await tokenFor(service.url);
    // With no traffic left it may have no instance left: Cloud Run holds the request until one has started.
    const timeoutSeconds = Math.max(health.timeoutSeconds, coldStartSeconds);
    const { outcome } = await probeOnce({ url, revision, token }, { ...health, timeoutSeconds }, time.now);
    // Its own rate limit, or that we may not ask, is no reason to stay with what is known to be bad.
    return ['ok', 'slow', 'rate-limited', 'not-permitted', 'unreachable'].includes(outcome);
  },
};
const releaseStatus = {
  ...common,
  github,
  reportUrl: (object: string) => `${browserOrigin(config.cloudApiEndpoint)}/${config.bucket}/${object}`,
  commitUrl: (commit: string) => `${browserAddress(config.githubApiUrl)}/${repository}/commit/${commit}`,
};

/** A function of the pipeline, by the name that setup deploys it under. */
const define = (name: string, handle: EventHandler): void => {
  cloudEvent(name, traced(name, handle));
};

define(
  'buildStatus',
  subscriber(common, decodeBuildHint, (hint) => handleBuildAndPushHint(buildStatus, hint)),
);
define(
  'concurrency',
  subscriber(common, decodeBuildHint, () => cancelOvertakenChecks(buildStatus)),
);
define(
  'verification',
  subscriber(common, decodeVerificationHint, (hint) => handleVerificationHint(verification, hint)),
);
define(
  'rollout',
  subscriber(common, decodeRolloutHint, (hint) => handleRolloutHint(rollout, hint)),
);
define(
  'releaseStatus',
  subscriber(common, decodeReleaseStatusHint, (hint) => handleReleaseStatusHint(releaseStatus, hint)),
);
define(
  'alerts',
  subscriber(common, decodeAlert, (alert) => handleAlert({ ...common, project, region }, alert)),
);
define('tick', async () => handleTick(common));
