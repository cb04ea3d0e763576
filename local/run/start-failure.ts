import type { Condition } from './resources.ts';

export type FailureKind = 'image' | 'secret' | 'sql' | 'container';

interface Description {
  /** The condition that fails together with Ready. */
  readonly part: 'ContainerHealthy' | 'ContainerReady' | 'ResourcesAvailable';
  readonly condition: Pick<Condition, 'reason' | 'revisionReason'>;
  /** The reason's name in the Knative form of the revision, which log entries carry. */
  readonly knativeReason: string;
}

const descriptions: Readonly<Record<FailureKind, Description>> = {
  image: {
    part: 'ContainerReady',
    condition: { reason: 'CONTAINER_MISSING' },
    knativeReason: 'ContainerMissing',
  },
  secret: {
    part: 'ResourcesAvailable',
    condition: { reason: 'SECRETS_ACCESS_CHECK_FAILED' },
    knativeReason: 'SecretsAccessCheckFailed',
  },
  sql: {
    part: 'ResourcesAvailable',
    condition: { reason: 'REVISION_FAILED' },
    knativeReason: 'RevisionFailed',
  },
  container: {
    part: 'ContainerHealthy',
    condition: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' },
    knativeReason: 'HealthCheckContainerError',
  },
};

/** Why an instance of a revision did not come up. The message is what the user reads; it never holds a secret. */
export class StartFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'StartFailure';
    this.kind = kind;
  }

  get part(): Description['part'] {
    return descriptions[this.kind].part;
  }

  get condition(): Description['condition'] {
    return descriptions[this.kind].condition;
  }
}

const byCondition = Object.values(descriptions);

/** The Knative name of a condition's reason, or undefined when it has none. */
export function knativeReasonOf({ reason, revisionReason }: Condition): string | undefined {
  return byCondition.find(
    ({ condition }) => condition.reason === reason && condition.revisionReason === revisionReason,
  )?.knativeReason;
}

/** Google's words for a container that does not listen in time. */
export const notListening = (containerPort: number, logUri: string): string =>
  `The user-provided container failed to start and listen on the port defined provided by the PORT=${containerPort} environment variable within the allocated timeout. This can happen when the container port is misconfigured or if the timeout is too short. The health check timeout can be extended. Logs for this revision might contain more information.\n\nLogs URL: ${logUri} \nFor more troubleshooting guidance, see https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start`;
