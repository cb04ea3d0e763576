import type { ImageStore } from '../core/links.ts';
import { BuildFailure } from './build-failure.ts';
import type { BuiltImage } from './build-types.ts';
import { pipeOutput, type StepEnvironment } from './run-step.ts';
import { timed } from './timed.ts';

async function dockerPush(name: string, run: StepEnvironment): Promise<number> {
  const { context, folders, images, halt } = run;
  const env = context.processEnvironment(folders.home);
  const docker = context.processes.spawn({
    command: 'docker',
    args: ['push', name],
    cwd: folders.workspace,
    env: { ...env, PATH: `${images.shimFolder}:${env.PATH ?? ''}` },
  });
  const end = (): void => void docker.stop(0);
  halt.signal.addEventListener('abort', end, { once: true });
  const flushes = [docker.stdout, docker.stderr].map((stream) => pipeOutput(stream, 'PUSH', run));
  try {
    return (await docker.exited).code;
  } catch (cause) {
    throw new BuildFailure(
      `failed to push image "${name}": ${(cause as Error).message}`,
      'PUSH_FAILED',
      cause,
    );
  } finally {
    halt.signal.removeEventListener('abort', end);
    for (const flush of flushes) flush();
  }
}

function digestOf(name: string, images: ImageStore): string {
  const image = images.resolve(name);
  if (image) return image.digest;
  throw new BuildFailure(`image "${name}" was pushed, but Artifact Registry has not got it`, 'PUSH_FAILED');
}

/** Pushes the images that the config names, one after the other; throws BuildFailure at the first that fails. */
export async function pushImages(names: readonly string[], run: StepEnvironment): Promise<BuiltImage[]> {
  const pushed: BuiltImage[] = [];
  for (const name of names) {
    if (run.halt.reason() !== undefined) return pushed;
    run.log.write(`Pushing ${name}`);
    const { result: code, span } = await timed(run.context, () => dockerPush(name, run));
    if (run.halt.reason() !== undefined) return pushed;
    if (code !== 0)
      throw new BuildFailure(
        `failed to push image "${name}": docker push exited with ${code}`,
        'PUSH_FAILED',
      );
    pushed.push({ name, digest: digestOf(name, run.images), pushTiming: span });
  }
  return pushed;
}
