import type { Builds, CloudBuild } from '../platform/cloud-build.ts';
import type { BuildHint } from './handler.ts';
import { isPushBuild } from './push-build.ts';
import { checkedServices, reportUnaffected, type UnaffectedPorts } from './unaffected.ts';

export interface PushPorts extends UnaffectedPorts {
  readonly builds: UnaffectedPorts['builds'] & Pick<Builds, 'get' | 'createdSince'>;
}

/** Pushes that a tick looks at again: what one inherits from the commit before may have changed in the meantime. */
const tickWindowMinutes = 120;

/** A message about a build, or a tick: the services that a push leaves alone get the status of their checks. */
export async function handlePushHint(ports: PushPorts, hint: BuildHint): Promise<void> {
  const pushes = (await buildsOf(ports, hint)).filter((build) => isPushBuild(build, ports.repository));
  if (pushes.length === 0) return;
  const services = checkedServices(await ports.builds.triggers(), ports.repository);
  const failures: unknown[] = [];
  // One push that cannot be reported must not keep the others from it. The oldest first: the next one inherits from it.
  for (const push of pushes.toReversed())
    await reportUnaffected(ports, push, services).catch((error: unknown) => failures.push(error));
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} pushes could not be reported`);
}

async function buildsOf({ builds, now }: PushPorts, hint: BuildHint): Promise<CloudBuild[]> {
  if ('tick' in hint) return builds.createdSince(new Date(now().getTime() - tickWindowMinutes * 60_000));
  const build = await builds.get(hint.name);
  return build ? [build] : [];
}
