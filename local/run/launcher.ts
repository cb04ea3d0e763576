import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { ApiError } from '../core/api-error.ts';
import type { CloudContext } from '../core/context.ts';
import { imageProcess, type ImageProcess, type ImageProcessOptions } from '../core/image-process.ts';
import type { Image, ImageStore, LogWriter, SecretReader } from '../core/links.ts';
import { isPortFree } from '../core/ports.ts';
import { startInstance, type Instance } from './instance.ts';
import { containerName } from './knative.ts';
import { parseName, shortName } from './names.ts';
import type { StartReason } from './probe-lines.ts';
import type { RevisionRecord } from './records.ts';
import { secretValues } from './secret-values.ts';
import { containerPortOf } from './service-rules.ts';
import type { SqlMounts } from './sql-mounts.ts';
import { StartFailure } from './start-failure.ts';

/** Starts instances of revisions as processes. */
export interface Launcher {
  /** The image of a revision, found once: by tag or digest. Throws StartFailure when there is none. */
  image(record: RevisionRecord): Image;
  /** Throws StartFailure, also when `signal` gives up the start. */
  start(record: RevisionRecord, reason: StartReason, signal: AbortSignal): Promise<Instance>;
  /** Gives back the ports that instances of a deleted revision had. */
  forget(revision: string): void;
}

/** Two are enough: one instance that takes requests, and one that is about to end. */
const maxSlots = 8;

const homeOf = (revision: string): string => `homes/${shortName(revision)}`;

const portKey = (revision: string, slot: number): string => `run/instance/${revision}/${slot}`;

/** Whatever is in the way of starting an image is the revision's own fault. */
function planFor(image: Image, options: ImageProcessOptions): ImageProcess {
  try {
    return imageProcess(image, options);
  } catch (cause) {
    throw new StartFailure('container', (cause as Error).message, { cause });
  }
}

export function createLauncher(
  context: CloudContext,
  links: { images: ImageStore; secrets: SecretReader; log: LogWriter },
  mounts: SqlMounts,
): Launcher {
  const usedKeys = new Set<string>();

  const reservePort = async (revision: string): Promise<{ key: string; port: number }> => {
    const key = Array.from({ length: maxSlots }, (_, slot) => portKey(revision, slot)).find(
      (candidate) => !usedKeys.has(candidate),
    );
    if (key === undefined)
      throw new StartFailure('container', `${maxSlots} instances of ${shortName(revision)} are still ending`);
    usedKeys.add(key);
    for (;;) {
      const port = await context.ports.reserve(key);
      if (await isPortFree(port)) return { key, port };
      // Taken by another program since it was reserved.
      context.ports.release(key);
    }
  };
  const freePort = (key: string): void => {
    usedKeys.delete(key);
    context.ports.release(key);
  };

  const image = ({ image: pinned, template }: RevisionRecord): Image => {
    const reference = pinned ?? template.containers?.[0]?.image ?? '';
    const found = links.images.resolve(reference);
    if (!found) throw new StartFailure('image', `Image '${reference}' not found.`);
    return found;
  };

  return {
    image,
    async start(record, reason, signal) {
      const { revision, template } = record;
      const [container = {}] = template.containers ?? [];
      const { project, service } = parseName(revision.name);
      const name = shortName(revision.name);
      const found = image(record);
      const secrets = secretValues(container, project, links.secrets);
      const mounted = mounts.mount(container, template.volumes ?? []);
      const { key, port } = await reservePort(revision.name);
      try {
        const env = Object.fromEntries(
          (container.env ?? []).map(({ name: variable = '', value = '' }) => [
            variable,
            secrets[variable] ?? value,
          ]),
        );
        const command = container.command ?? [];
        const plan = planFor(found, {
          entrypoint: command.length > 0 ? command : undefined,
          args: (container.args ?? []).length > 0 ? container.args : undefined,
          env: {
            ...env,
            PORT: String(port),
            K_SERVICE: service,
            K_REVISION: name,
            K_CONFIGURATION: service,
          },
          workingDir: container.workingDir,
          mounts: mounted,
          machineEnv: context.processEnvironment(context.folder('run', homeOf(revision.name))),
          exists: existsSync,
        });
        const containerPort = containerPortOf(container);
        context.log('debug', `${name}: PORT=${port} stands for the container port ${containerPort}`);
        if (!container.startupProbe) throw new ApiError('INTERNAL', `${name} has no startup probe`);
        const instance = await startInstance(
          {
            revision: revision.name,
            instanceId: randomBytes(48).toString('hex'),
            plan,
            port,
            container: { name: containerName(revision.service, container), port: containerPort },
            startupProbe: container.startupProbe,
            livenessProbe: container.livenessProbe,
            logUri: revision.logUri ?? '',
            reason,
            signal,
          },
          { processes: context.processes, log: links.log, clock: context.clock },
        );
        void instance.ended.then(() => {
          freePort(key);
        });
        return instance;
      } catch (error) {
        freePort(key);
        throw error;
      }
    },
    forget(revision) {
      for (let slot = 0; slot < maxSlots; slot += 1) context.ports.release(portKey(revision, slot));
      rmSync(context.folder('run', homeOf(revision)), { recursive: true, force: true });
    },
  };
}
