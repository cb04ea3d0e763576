import { handlePushHint, type PushPorts } from './handle-push.ts';
import { handleBuildHint, type BuildHint, type BuildStatusPorts } from './handler.ts';
import { oneByOne } from '../platform/one-by-one.ts';

/** All that a message about a build, or a tick, is for: one build that cannot be reported keeps no push from it. */
export async function handleBuildAndPushHint(
  ports: BuildStatusPorts & PushPorts,
  hint: BuildHint,
): Promise<void> {
  await oneByOne([handleBuildHint, handlePushHint], (handle) => handle(ports, hint), {
    failed: 'parts of what a message is for have failed',
  });
}
