import type { Probe } from './resources.ts';
import { isDefaultStartupProbe } from './template-defaults.ts';

export interface ProbedContainer {
  readonly name: string;
  /** The container port, as the user knows it. */
  readonly port: number;
}

const times = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

function subject(kind: 'STARTUP' | 'LIVENESS', probe: Probe): string {
  const isDefault = kind === 'STARTUP' && isDefaultStartupProbe(probe);
  return `${isDefault ? 'Default ' : ''}${kind} ${probe.httpGet ? 'HTTP' : 'TCP'} probe`;
}

const place = (probe: Probe, { name, port }: ProbedContainer): string =>
  `for container "${name}" on port ${port}${probe.httpGet ? ` path "${probe.httpGet.path ?? '/'}"` : ''}`;

/** `Default STARTUP TCP probe succeeded after 1 attempt for container "web-1" on port 8080.` */
export const startupSucceeded = (probe: Probe, container: ProbedContainer, attempts: number): string =>
  `${subject('STARTUP', probe)} succeeded after ${times(attempts, 'attempt')} ${place(probe, container)}.`;

export const startupFailed = (
  probe: Probe,
  container: ProbedContainer,
  attempts: number,
  status: 'CANCELLED' | 'DEADLINE_EXCEEDED',
): string =>
  `${subject('STARTUP', probe)} failed ${times(attempts, 'time')} consecutively ${place(probe, container)}. The instance was not started. Connection failed with status ${status}.`;

export const livenessFailed = (probe: Probe, container: ProbedContainer): string =>
  `${subject('LIVENESS', probe)} failed ${times(probe.failureThreshold ?? 3, 'time')} consecutively ${place(probe, container)}. The instance has been shut down.`;

export type StartReason = 'DEPLOYMENT_ROLLOUT' | 'AUTOSCALING';

const reasons: Readonly<Record<StartReason, string>> = {
  DEPLOYMENT_ROLLOUT:
    'Instance started due to traffic shifting between revisions due to deployment, traffic split adjustment, or deployment health check.',
  AUTOSCALING:
    'Instance started due to configured scaling factors (e.g. CPU utilization, request throughput, etc.) or no existing capacity for current traffic.',
};

export const startingInstance = (reason: StartReason): string =>
  `Starting new instance. Reason: ${reason} - ${reasons[reason]}`;

/** How a container ended: with a code of its own, or on a signal. */
export const containerEnded = (code: number, signal: string | null): string =>
  signal === null ? `Container called exit(${code}).` : `Container terminated on signal ${code - 128}.`;
