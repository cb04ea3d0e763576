import { handleAlert } from '../../../functions/alerts/handler.ts';
import { decodeAlert } from '../../../functions/alerts/incident.ts';
import { decodeBuildHint, handleBuildHint } from '../../../functions/build-status/handler.ts';
import { cancelOvertakenChecks } from '../../../functions/concurrency/handler.ts';
import type { Log } from '../../../functions/platform/log.ts';
import { openLedger } from '../../../functions/release/ledger.ts';
import {
  decodeReleaseStatusHint,
  handleReleaseStatusHint,
} from '../../../functions/release-status/handler.ts';
import { decodeRolloutHint, handleRolloutHint } from '../../../functions/rollout/handler.ts';
import { subscriber } from '../../../functions/subscriber.ts';
import { handleTick } from '../../../functions/tick/handler.ts';
import { decodeVerificationHint, handleVerificationHint } from '../../../functions/verification/handler.ts';
import type { FunctionName } from '../../../scripts/setup/functions.ts';
import { repository, type WorldBuilds } from './builds.ts';
import type { Hub } from './hub.ts';
import type { Deliver, Messages } from './messages.ts';
import type { Observing } from './observing.ts';
import type { Invocation, Processes } from './processes.ts';
import type { Run } from './run.ts';
import type { Store } from './store.ts';
import type { Trace } from './trace.ts';

/** The cloud that the functions run in. */
export interface Cloud {
  readonly store: Store;
  readonly run: Run;
  readonly builds: WorldBuilds;
  readonly hub: Hub;
  readonly observing: Observing;
  readonly messages: Messages;
}

export type Ports = ReturnType<typeof portsOf>;

/** The functions change traffic under this name. */
export const functionsActor = 'slipway-rollout@p.iam.gserviceaccount.com';
export const home = { project: 'p', region: 'europe-west1' } as const;
const timeoutMs = 540_000;
const concurrentInstances = 2;

/** What `functions/main.ts` opens for a process, for one event of it. */
export function portsOf(cloud: Cloud, invocation: Invocation, trace: Trace) {
  const { now, sleep } = invocation;
  const bucket = cloud.store.bucket(invocation);
  const log: Log = (severity, message) => {
    if (severity !== 'INFO' && severity !== 'DEBUG') trace(`${invocation.key} says ${severity}: ${message}`);
  };
  return {
    bucket,
    ledger: openLedger(bucket, { now, sleep }),
    topics: cloud.messages.topics(invocation),
    log,
    now,
    sleep,
    github: cloud.hub.github(invocation),
    builds: cloud.builds.builds(invocation),
    repository,
    ...home,
    run: cloud.run.cloudRun(invocation),
    logging: cloud.observing.logging(invocation),
    monitoring: cloud.observing.monitoring(invocation),
    prober: cloud.observing.prober(invocation),
    answers: cloud.observing.answers(invocation),
    identityToken: (audience: string) => invocation.call('token', () => `token for ${audience}`),
    commitUrl: (commit: string) => `https://github.example/${repository}/commit/${commit}`,
    reportUrl: (object: string) => `https://storage.example/state/${object}`,
  };
}

/** Changes what the functions are given: how a test shows that the checks would notice. */
export type Sabotage = (ports: Ports) => Ports;

/** The functions of the pipeline as their subscriptions call them. */
export function createFunctions(
  cloud: () => Cloud,
  processes: Processes,
  trace: Trace,
  sabotage: Sabotage = (ports) => ports,
): Deliver {
  const handlers: Readonly<Record<FunctionName, (ports: Ports) => ReturnType<typeof subscriber>>> = {
    buildStatus: (ports) => subscriber(ports, decodeBuildHint, (hint) => handleBuildHint(ports, hint)),
    concurrency: (ports) => subscriber(ports, decodeBuildHint, () => cancelOvertakenChecks(ports)),
    verification: (ports) =>
      subscriber(ports, decodeVerificationHint, (hint) => handleVerificationHint(ports, hint)),
    rollout: (ports) => subscriber(ports, decodeRolloutHint, (hint) => handleRolloutHint(ports, hint)),
    releaseStatus: (ports) =>
      subscriber(ports, decodeReleaseStatusHint, (hint) => handleReleaseStatusHint(ports, hint)),
    alerts: (ports) => subscriber(ports, decodeAlert, (alert) => handleAlert(ports, alert)),
    tick: (ports) => () => handleTick(ports),
  };
  return (target, key, event, ended) => {
    processes.start(
      { program: target, key, actor: functionsActor, timeoutMs, instances: concurrentInstances },
      (invocation) => handlers[target](sabotage(portsOf(cloud(), invocation, trace)))(event),
      ended,
    );
  };
}
