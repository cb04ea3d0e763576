import { z } from 'zod';
import { health } from './health-schema.ts';
import { partial } from './partial.ts';
import { databaseSchema, rollout } from './rollout-schema.ts';
import {
  environmentName,
  glob,
  instanceName,
  path,
  secretName,
  serviceName,
  sqlName,
  text,
  variableName,
  whole,
} from './values.ts';

// The shape of pipeline.yaml. The descriptions also stand in docs/pipeline.schema.json, where editors show them.
// What needs more than one key to judge is in rules.ts.

const startup = z.strictObject({
  // https://cloud.google.com/run/docs/configuring/healthchecks: a startup probe may take 240 seconds in all.
  deadlineSeconds: whole(1, 240)
    .default(60)
    .describe('How long a new instance may take until it listens on its port.'),
});

// Limits: https://cloud.google.com/run/docs/configuring/services/cpu and its neighbours.
const scaling = z
  .strictObject({
    minInstances: whole(0, 1000).default(0).describe('Instances that run even without requests.'),
    maxInstances: whole(1, 1000).default(10).describe('Most instances of one revision.'),
    concurrency: whole(1, 1000).default(80).describe('Requests that one instance takes at the same time.'),
    cpu: text(
      /^(?:0\.(?:0[89]|[1-9]\d?)|[12468])$/,
      'must be a number of CPUs: "1", "2", "4", "6", "8", or from "0.08" to "0.99"',
    )
      .default('1')
      .describe('CPUs of one instance, in quotes.'),
    memory: text(/^[1-9]\d*(?:Mi|Gi)$/, 'must be an amount of memory in Mi or Gi, such as 512Mi or 2Gi')
      .default('512Mi')
      .describe('Memory of one instance.'),
    timeoutSeconds: whole(1, 3600).default(300).describe('Longest time one request may take.'),
  })
  .refine(({ minInstances, maxInstances }) => minInstances <= maxInstances, {
    message: 'minInstances must not exceed maxInstances',
  })
  .refine(({ cpu, concurrency }) => Number(cpu) >= 1 || concurrency === 1, {
    message: 'concurrency must be 1 with less than one CPU',
  });

const settings = {
  builds: z
    .strictObject({
      checks: path
        .default('cloudbuild/checks.yaml')
        .describe('Build config for every branch but the one of the environment.'),
      release: path
        .default('cloudbuild/release.yaml')
        .describe('Build config for the branch of the environment.'),
    })
    .prefault({})
    .describe('The Cloud Build configs of the service.'),
  dependsOn: z
    .array(glob)
    .default([])
    .describe('More files, as globs, whose change builds the service, such as packages/shared/**.'),
  port: whole(1, 65535).default(8080).describe('Port on which the container listens (it is told in PORT).'),
  public: z.boolean().default(false).describe('Whether anybody may call the service.'),
  sessionAffinity: z
    .boolean()
    .default(false)
    .describe('Whether a client stays on the revision and the instance that it first came to, by a cookie.'),
  startup: startup.prefault({}).describe('How an instance has to start.'),
  health: health.prefault({}).describe('How a candidate has to answer before it may get traffic.'),
  env: z
    .record(variableName, z.string())
    .default({})
    .describe('Environment variables. Values may hold references such as ${services.api.url}.'),
  secrets: z
    .record(variableName, secretName)
    .default({})
    .describe(
      'Environment variables that come from Secret Manager: name of the variable to name of the secret.',
    ),
  database: instanceName
    .optional()
    .describe('The database that the service is connected to, one of `databases`.'),
  scaling: scaling.prefault({}).describe('Instances and what each of them has.'),
  rollout: rollout.prefault({}).describe('How traffic moves to a verified candidate.'),
  schema: databaseSchema
    .prefault({})
    .describe("The database's schema that a release needs, and whether the step to it can be undone."),
};

/** One service, complete. */
export const service = z.strictObject({
  folder: path.describe('Folder of the service, from the root of the repository.'),
  context: path
    .optional()
    .describe(
      'What the image build may read: the folder of the service, or one above it. The folder, unless it is said.',
    ),
  ...settings,
});

/** What an environment may change of a service. Only its shape is checked here, the whole once it is merged. */
const changes = partial(z.strictObject(settings));

const environment = z.strictObject({
  branch: text(
    // https://git-scm.com/docs/git-check-ref-format
    /^(?![-/.])(?!.*(?:\.\.|\/\/|\/\.|@\{|\.lock(?:\/|$)))[^\s~^:?*[\\]+(?<![/.])$/,
    'must be the name of a branch',
  )
    .default('main')
    .describe('The branch whose commits are released to this environment.'),
  defaults: changes.optional().describe('Changes for every service in this environment.'),
  services: z
    .record(serviceName, changes)
    .optional()
    .describe('Changes for single services in this environment; they win over defaults.'),
});

const database = z.strictObject({
  version: z
    .enum(['POSTGRES_14', 'POSTGRES_15', 'POSTGRES_16', 'POSTGRES_17', 'POSTGRES_18'])
    .describe('Version of Postgres.'),
  tier: text(
    /^db-[A-Za-z0-9-]+$/,
    'must be a Cloud SQL machine type such as db-f1-micro or db-custom-2-7680',
  ).describe('Cloud SQL machine type.'),
  database: sqlName.describe('Name of the database in the instance.'),
  user: sqlName.describe('Name of the database user.'),
  passwordSecret: secretName.describe("The secret that holds the user's password."),
});

/** Everything else that the functions are told, setup knows by itself. */
const telemetryVariable = variableName.refine((name) => /^(?:OTEL|SENTRY)_/.test(name), {
  message: 'must be a variable of telemetry: its name starts with OTEL_ or SENTRY_',
});

const functions = z
  .strictObject({
    env: z
      .record(telemetryVariable, z.string())
      .default({})
      .describe('Environment variables of telemetry, as they are; without references.'),
    secrets: z
      .record(telemetryVariable, secretName)
      .default({})
      .describe(
        'Environment variables of telemetry that come from Secret Manager: name of the variable to name of the secret.',
      ),
  })
  .refine(({ env, secrets }) => Object.keys(secrets).every((name) => !Object.hasOwn(env, name)), {
    message: 'env and secrets must not share a name',
  });

/** All of pipeline.yaml, as a team writes it. */
export const pipelineFile = z.strictObject({
  project: text(
    /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
    'must be a Google Cloud project id: 6 to 30 lower-case letters, digits and hyphens, starting with a letter and not ending in a hyphen',
  ).describe('Id of the Google Cloud project.'),
  region: text(/^[a-z]+-[a-z]+\d+$/, 'must be a Google Cloud region such as europe-west1').describe(
    'Google Cloud region of everything that is deployed.',
  ),
  repository: text(
    /^[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/,
    'must be a repository on GitHub in the form owner/name',
  ).describe('The repository on GitHub: owner/name.'),
  environments: z
    .record(environmentName, environment)
    .default({})
    .describe('Where releases go. `local`, the local cloud, exists even if it is not written.'),
  databases: z.record(instanceName, database).default({}).describe('Cloud SQL instances by name.'),
  services: z
    .record(serviceName, service)
    .refine((services) => Object.keys(services).length > 0, 'at least one service is needed')
    .describe('The services by name.'),
  functions: functions
    .prefault({})
    .describe("What the pipeline's own functions tell of themselves, and to whom."),
  releaseSets: z
    .array(z.array(z.string()).min(2))
    .default([])
    .describe(
      'Services that go out together, each list in its order, and come back together in the reverse one. A service stands in one list at most.',
    ),
  notificationChannels: z
    .array(
      text(
        /^\d+$/,
        'must be the number of a notification channel of Cloud Monitoring, as "gcloud beta monitoring channels list" has it at the end of its name, in quotes',
      ),
    )
    .max(16)
    .optional()
    .describe(
      'Notification channels of Cloud Monitoring, by their numbers, that are told when a person is needed.',
    ),
});

export type ServiceConfig = z.output<typeof service>;
export type DatabaseConfig = z.output<typeof database>;
export type FunctionsConfig = z.output<typeof functions>;
