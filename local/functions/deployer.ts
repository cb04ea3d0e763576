import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiError } from '../core/api-error.ts';
import type { CloudContext } from '../core/context.ts';
import type { LogWriter, ObjectStore, SecretReader } from '../core/links.ts';
import { serviceDefaults, type ServiceConfig, type StorageSource } from './cloud-function.ts';
import { parseFunctionName, type Deployment, type FunctionRecord } from './function-records.ts';
import { startInstance, StartFailure } from './instance.ts';
import type { Serving } from './runtime.ts';
import type { Sources } from './unpack.ts';
import type { Uploads } from './uploads.ts';

export interface FunctionLinks {
  readonly objects: ObjectStore;
  readonly secrets: SecretReader;
  readonly log: LogWriter;
}

/** Turns what is stored of a function into something that can be started. */
export interface Deployer {
  /** Fetches and unpacks an archive; returns the id of the source. */
  fetch(source: StorageSource): string;
  serving(record: FunctionRecord, deployment: Deployment): Serving;
  stop(): void;
}

/** A path for a Unix socket has at most 104 bytes on macOS; this leaves some for its name. */
const longestSocketFolder = 85;

function secretValues(config: ServiceConfig, project: string, secrets: SecretReader): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { key, projectId, secret, version } of config.secretEnvironmentVariables ?? []) {
    const name = `projects/${projectId ?? project}/secrets/${secret}/versions/${version}`;
    try {
      values[key] = secrets.access(name).toString('utf8');
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      const why = cause.code === 'NOT_FOUND' ? 'was not found' : `cannot be read (${cause.code})`;
      throw new StartFailure(`the environment variable ${key}: secret ${name} ${why}`, { cause });
    }
  }
  return values;
}

export function createDeployer(
  context: CloudContext,
  links: FunctionLinks,
  sources: Sources,
  uploads: Uploads,
): Deployer {
  // Remembered, so that what a killed run left in the temporary folder goes at the next start.
  const remembered = context.table<string>('functions', 'socket-folder');
  const before = remembered.get('folder');
  if (before !== undefined) rmSync(before, { recursive: true, force: true });
  const base = tmpdir().length <= longestSocketFolder - '/slipway-fn-XXXXXX'.length ? tmpdir() : '/tmp';
  const sockets = mkdtempSync(path.join(base, 'slipway-fn-'));
  remembered.set('folder', sockets);
  let started = 0;

  return {
    fetch(source) {
      const uploaded = uploads.read(source);
      return sources.add(uploaded ?? links.objects.get(source.bucket, source.object, source.generation));
    },
    serving(record, { settings, sourceId, revision }) {
      const { project, location, functionId } = parseFunctionName(record.name);
      const { buildConfig, serviceConfig = {} } = settings;
      const instances = serviceConfig.maxInstanceCount ?? serviceDefaults.maxInstanceCount;
      const concurrency =
        serviceConfig.maxInstanceRequestConcurrency ?? serviceDefaults.maxInstanceRequestConcurrency;
      return {
        timeoutMs: (serviceConfig.timeoutSeconds ?? serviceDefaults.timeoutSeconds) * 1000,
        places: Math.max(1, instances) * concurrency,
        async start() {
          const env = {
            ...context.processEnvironment(context.folder('functions', `homes/${functionId}`)),
            NODE_ENV: 'production',
            FUNCTION_TARGET: buildConfig.entryPoint,
            FUNCTION_SIGNATURE_TYPE: 'http',
            ...serviceConfig.environmentVariables,
            ...secretValues(serviceConfig, project, links.secrets),
            PORT: String(record.port),
            K_SERVICE: functionId,
            K_CONFIGURATION: functionId,
            K_REVISION: revision,
          };
          started += 1;
          return startInstance(
            context,
            links.log,
            {
              project,
              location,
              functionId,
              revision,
              entryPoint: buildConfig.entryPoint,
              sourceFolder: sources.folder(sourceId),
              env,
            },
            path.join(sockets, `${started}.sock`),
          );
        },
      };
    },
    stop() {
      rmSync(sockets, { recursive: true, force: true });
      remembered.delete('folder');
    },
  };
}
