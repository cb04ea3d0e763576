import type { protos } from '@google-cloud/run';
import { labels, revisionName, type ReleaseKey } from '../../functions/release/naming.ts';
import { policyAnnotation } from '../../functions/release/policy.ts';
import { policyOf, type Pipeline } from '../pipeline/pipeline.ts';
import type { ServiceConfig } from '../pipeline/schema.ts';

type RevisionTemplate = protos.google.cloud.run.v2.IRevisionTemplate;
type Container = protos.google.cloud.run.v2.IContainer;

/** What a build knows of the revision that it makes. */
export interface CandidateFacts {
  readonly key: ReleaseKey;
  readonly commit: string;
  readonly buildId: string;
  /** By digest. */
  readonly image: string;
  /** The service's `env` with its references resolved. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where Cloud Run puts the sockets of Cloud SQL. https://cloud.google.com/sql/docs/postgres/connect-run */
const socketFolder = '/cloudsql';
const socketVolume = 'cloudsql';

/** The revision of a candidate, as Cloud Run's API v2 takes it. */
export function candidateTemplate(
  pipeline: Pick<Pipeline, 'project' | 'region' | 'releaseSets'>,
  service: ServiceConfig,
  { key, commit, buildId, image, env }: CandidateFacts,
): RevisionTemplate {
  const { scaling, database } = service;
  return {
    revision: revisionName(key),
    labels: { [labels.commit]: commit, [labels.build]: buildId },
    annotations: { [policyAnnotation]: JSON.stringify(policyOf(pipeline, key.service, service)) },
    scaling: { minInstanceCount: scaling.minInstances, maxInstanceCount: scaling.maxInstances },
    maxInstanceRequestConcurrency: scaling.concurrency,
    timeout: { seconds: scaling.timeoutSeconds },
    sessionAffinity: service.sessionAffinity,
    containers: [
      {
        image,
        ports: [{ containerPort: service.port }],
        env: environment(env, service.secrets),
        resources: {
          limits: { cpu: scaling.cpu, memory: scaling.memory },
          // Both are lost as soon as any resource is given, unless they are given too:
          // https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2#resourcerequirements
          cpuIdle: true,
          startupCpuBoost: true,
        },
        startupProbe: startupProbe(service),
        ...(database === undefined
          ? {}
          : { volumeMounts: [{ name: socketVolume, mountPath: socketFolder }] }),
      },
    ],
    ...(database === undefined
      ? {}
      : {
          volumes: [
            {
              name: socketVolume,
              cloudSqlInstance: { instances: [`${pipeline.project}:${pipeline.region}:${database}`] },
            },
          ],
        }),
  };
}

/** Secrets are named, never read here: Cloud Run hands their newest version to each instance that it starts. */
function environment(
  env: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
): NonNullable<Container['env']> {
  return [
    ...Object.entries(env).map(([name, value]) => ({ name, value })),
    ...Object.entries(secrets).map(([name, secret]) => ({
      name,
      valueSource: { secretKeyRef: { secret, version: 'latest' } },
    })),
  ];
}

/**
 * Looks every second whether the port is open. The default of Cloud Run is a single look of 240 s, which leaves a
 * container that never listens undecided for four minutes.
 * https://cloud.google.com/run/docs/configuring/healthchecks
 */
const startupProbe = ({ port, startup }: ServiceConfig): NonNullable<Container['startupProbe']> => ({
  tcpSocket: { port },
  periodSeconds: 1,
  timeoutSeconds: 1,
  failureThreshold: startup.deadlineSeconds,
});
