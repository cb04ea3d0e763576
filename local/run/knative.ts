import { parseName, shortName } from './names.ts';
import type { RevisionRecord, ServiceRecord } from './records.ts';
import type { Condition, Container, RevisionTemplate, Service, TrafficTargetStatus } from './resources.ts';
import { containerPortOf, timeoutMs } from './service-rules.ts';
import { knativeReasonOf } from './start-failure.ts';
import { isDefaultStartupProbe } from './template-defaults.ts';

type Json = Record<string, unknown>;

/** Cloud Run's log entries carry resources in their Knative (v1) form; so does the number of the project. */
const namespaceOf = (name: string, projectNumber: string): string =>
  `/apis/serving.knative.dev/v1/namespaces/${projectNumber}/${name}`;

const statuses = {
  CONDITION_SUCCEEDED: 'True',
  CONDITION_FAILED: 'False',
  CONDITION_RECONCILING: 'Unknown',
  CONDITION_PENDING: 'Unknown',
} as const;

function knativeCondition(condition: Condition): Json {
  const reason = knativeReasonOf(condition);
  return {
    type: condition.type,
    status: statuses[condition.state],
    ...(reason === undefined ? {} : { reason }),
    ...(condition.message === undefined ? {} : { message: condition.message }),
    lastTransitionTime: condition.lastTransitionTime,
    ...(condition.severity === 'INFO' ? { severity: 'Info' } : {}),
  };
}

/** `web-1`: how log lines and the Knative form name the only container of a service that gives it no name. */
export const containerName = (serviceName: string, container: Container): string =>
  container.name ?? `${shortName(serviceName)}-1`;

function knativeContainer(serviceName: string, container: Container, image?: string): Json {
  const { env, ports, resources, startupProbe, livenessProbe, command, args, workingDir } = container;
  return {
    name: containerName(serviceName, container),
    image: image ?? container.image,
    ...(command ? { command } : {}),
    ...(args ? { args } : {}),
    ...(workingDir ? { workingDir } : {}),
    ...(env
      ? {
          env: env.map(({ name, value, valueSource }) =>
            valueSource?.secretKeyRef
              ? {
                  name,
                  valueFrom: {
                    secretKeyRef: {
                      name: valueSource.secretKeyRef.secret,
                      key: valueSource.secretKeyRef.version ?? 'latest',
                    },
                  },
                }
              : { name, value: value ?? '' },
          ),
        }
      : {}),
    ports: ports ?? [{ name: 'http1', containerPort: containerPortOf(container) }],
    ...(resources?.limits ? { resources: { limits: resources.limits } } : {}),
    ...(startupProbe ? { startupProbe } : {}),
    ...(livenessProbe ? { livenessProbe } : {}),
  };
}

function podSpec(serviceName: string, template: RevisionTemplate, image?: string): Json {
  return {
    containerConcurrency: template.maxInstanceRequestConcurrency ?? 80,
    timeoutSeconds: timeoutMs(template) / 1000,
    serviceAccountName: template.serviceAccount,
    containers: (template.containers ?? []).map((container) =>
      knativeContainer(serviceName, container, image),
    ),
  };
}

/** The annotations that Cloud Run derives from a template, before the user's own. */
function annotationsOf(template: RevisionTemplate, creator: string | undefined): Record<string, string> {
  const instances = (template.volumes ?? []).flatMap(
    ({ cloudSqlInstance }) => cloudSqlInstance?.instances ?? [],
  );
  return {
    'autoscaling.knative.dev/maxScale': String(template.scaling?.maxInstanceCount ?? 100),
    ...(creator === undefined ? {} : { 'serving.knative.dev/creator': creator }),
    ...(instances.length > 0 ? { 'run.googleapis.com/cloudsql-instances': instances.join(',') } : {}),
    ...template.annotations,
  };
}

/** The revision as `run.v1.Revision`. `service` is the one it belongs to. */
export function knativeRevision(
  { revision, template, configurationGeneration, operation, image }: RevisionRecord,
  service: Service,
  projectNumber: string,
): Json {
  const name = shortName(revision.name);
  const serviceId = shortName(revision.service);
  const { location } = parseName(revision.name);
  const [container = {}] = template.containers ?? [];
  const isDefault = container.startupProbe ? isDefaultStartupProbe(container.startupProbe) : true;
  return {
    '@type': 'type.googleapis.com/google.cloud.run.v1.Revision',
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Revision',
    metadata: {
      name,
      namespace: projectNumber,
      selfLink: namespaceOf(`revisions/${name}`, projectNumber),
      uid: revision.uid,
      generation: 1,
      creationTimestamp: revision.createTime,
      labels: {
        ...revision.labels,
        'serving.knative.dev/configuration': serviceId,
        'serving.knative.dev/configurationGeneration': configurationGeneration,
        'serving.knative.dev/service': serviceId,
        'serving.knative.dev/serviceUid': service.uid,
        'serving.knative.dev/route': serviceId,
        'cloud.googleapis.com/location': location,
        'run.googleapis.com/startupProbeType': isDefault ? 'Default' : 'Custom',
      },
      annotations: {
        ...annotationsOf(template, revision.creator),
        'run.googleapis.com/operation-id': shortName(operation),
      },
      ownerReferences: [
        {
          kind: 'Configuration',
          name: serviceId,
          uid: service.uid,
          apiVersion: 'serving.knative.dev/v1',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: podSpec(revision.service, template, image),
    status: {
      observedGeneration: 1,
      conditions: (revision.conditions ?? []).map(knativeCondition),
      logUrl: revision.logUri,
      ...(image === undefined
        ? {}
        : {
            imageDigest: image,
            containerStatuses: [{ name: containerName(revision.service, container), imageDigest: image }],
          }),
    },
  };
}

const knativeTarget = ({ revision, percent, tag, uri }: TrafficTargetStatus, latestReady?: string): Json => ({
  ...(revision ? { revisionName: revision } : { latestRevision: true }),
  ...(!revision && latestReady ? { revisionName: latestReady } : {}),
  ...(percent ? { percent } : {}),
  ...(tag ? { tag } : {}),
  ...(uri ? { url: uri } : {}),
});

/** The service as `run.v1.Service`. */
export function knativeService({ service }: ServiceRecord, projectNumber: string): Json {
  const name = shortName(service.name);
  const template = service.template ?? {};
  const conditions = [service.terminalCondition, ...(service.conditions ?? [])];
  const latestReady = shortName(service.latestReadyRevision ?? '');
  return {
    '@type': 'type.googleapis.com/google.cloud.run.v1.Service',
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: projectNumber,
      selfLink: namespaceOf(`services/${name}`, projectNumber),
      uid: service.uid,
      generation: Number(service.generation),
      creationTimestamp: service.createTime,
      ...(service.deleteTime === undefined ? {} : { deletionTimestamp: service.deleteTime }),
      labels: { ...service.labels, 'cloud.googleapis.com/location': parseName(service.name).location },
      annotations: {
        ...service.annotations,
        'run.googleapis.com/ingress': 'all',
        'serving.knative.dev/creator': service.creator,
        'serving.knative.dev/lastModifier': service.lastModifier,
      },
    },
    spec: {
      template: {
        metadata: {
          ...(template.revision ? { name: template.revision } : {}),
          labels: { ...template.labels },
          annotations: annotationsOf(template, undefined),
        },
        spec: podSpec(service.name, template),
      },
      traffic: (service.traffic ?? []).map((target) => knativeTarget(target)),
    },
    status: {
      observedGeneration: Number(service.observedGeneration ?? 0),
      conditions: conditions.flatMap((condition) => (condition ? [knativeCondition(condition)] : [])),
      latestCreatedRevisionName: shortName(service.latestCreatedRevision ?? ''),
      ...(latestReady === '' ? {} : { latestReadyRevisionName: latestReady }),
      traffic: (service.trafficStatuses ?? []).map((target) => knativeTarget(target, latestReady)),
      url: service.uri,
      address: { url: service.uri },
    },
  };
}
