import type { Builds, CloudBuild } from '../platform/cloud-build.ts';
import { GitHubBusyError } from '../platform/github.ts';
import { substitutions } from '../release/naming.ts';
import type { BuildHint } from './handler.ts';
import { oneByOne } from '../platform/one-by-one.ts';
import { isPushBuild, pushPurpose } from './push-build.ts';
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
  // The oldest first: the next one inherits from it.
  await oneByOne(pushes.toReversed(), (push) => reportUnaffected(ports, push, services), {
    failed: 'pushes could not be reported',
    // Trouble with one push is no reason to leave out the others, but being asked to stay away is: trap 28.
    endsAll: (error) => error instanceof GitHubBusyError && error.retryAfterSeconds > 0,
  });
}

async function buildsOf({ builds, now }: PushPorts, hint: BuildHint): Promise<CloudBuild[]> {
  if ('tick' in hint) {
    const since = new Date(now().getTime() - tickWindowMinutes * 60_000);
    return builds.createdSince(since, { [substitutions.purpose]: pushPurpose });
  }
  const build = await builds.get(hint.name);
  return build ? [build] : [];
}
