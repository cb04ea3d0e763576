import type { Container, Probe, RevisionTemplate, ServiceSpec } from './resources.ts';
import { containerPortOf } from './service-rules.ts';
import { effectiveTraffic } from './traffic.ts';

/** One long attempt: it succeeds as soon as the port opens. */
const defaultStartupProbe = (port: number): Probe => ({
  timeoutSeconds: 240,
  periodSeconds: 240,
  failureThreshold: 1,
  tcpSocket: { port },
});

/** Whether a probe is the one that Cloud Run adds when none is given; log lines tell the two apart. */
export const isDefaultStartupProbe = ({
  tcpSocket,
  timeoutSeconds,
  periodSeconds,
  failureThreshold,
}: Probe): boolean =>
  tcpSocket !== undefined && timeoutSeconds === 240 && periodSeconds === 240 && failureThreshold === 1;

function probeWithPort(probe: Probe, port: number): Probe {
  return {
    timeoutSeconds: probe.timeoutSeconds ?? 1,
    periodSeconds: probe.periodSeconds ?? 10,
    failureThreshold: probe.failureThreshold ?? 3,
    ...(probe.initialDelaySeconds === undefined ? {} : { initialDelaySeconds: probe.initialDelaySeconds }),
    ...(probe.httpGet ? { httpGet: { path: '/', ...probe.httpGet, port } } : { tcpSocket: { port } }),
  };
}

function containerWithDefaults(container: Container): Container {
  const port = containerPortOf(container);
  return {
    ...container,
    ports: [{ name: 'http1', ...container.ports?.[0], containerPort: port }],
    resources: {
      ...container.resources,
      limits: { cpu: '1', memory: '512Mi', ...container.resources?.limits },
    },
    startupProbe: container.startupProbe
      ? probeWithPort(container.startupProbe, port)
      : defaultStartupProbe(port),
    ...(container.livenessProbe ? { livenessProbe: probeWithPort(container.livenessProbe, port) } : {}),
  };
}

function templateWithDefaults(template: RevisionTemplate, serviceAccount: string): RevisionTemplate {
  const { revision, ...rest } = template;
  return {
    ...rest,
    ...(revision ? { revision } : {}),
    timeout: template.timeout ?? '300s',
    serviceAccount: template.serviceAccount ?? serviceAccount,
    maxInstanceRequestConcurrency: template.maxInstanceRequestConcurrency ?? 80,
    containers: (template.containers ?? []).map(containerWithDefaults),
  };
}

/** A checked spec with what Cloud Run fills in, so that a service reads back as it does there. */
export function withDefaults(spec: ServiceSpec, projectNumber: string): ServiceSpec {
  const serviceAccount = `${projectNumber}-compute@developer.gserviceaccount.com`;
  return {
    ...spec,
    ingress: spec.ingress ?? 'INGRESS_TRAFFIC_ALL',
    launchStage: spec.launchStage ?? 'GA',
    template: templateWithDefaults(spec.template ?? {}, serviceAccount),
    traffic: [...effectiveTraffic(spec.traffic)],
  };
}
