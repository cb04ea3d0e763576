import type { RunRevision } from '../platform/cloud-run.ts';
import { durationInWords } from '../release/duration.ts';

/** Without a startup probe of its own a container has as long as this: https://cloud.google.com/run/docs/configuring/healthchecks */
const longestStartupSeconds = 240;
/** For what Cloud Run does before a container can start: it places the revision and fetches its image. */
const bringUpSeconds = 180;

/**
 * What there is to say of a revision that is neither ready nor failed for longer than any start may take; undefined before.
 * Its startup probe has the deadline of `startup.deadlineSeconds`: had the container missed it, Cloud Run would have said so.
 */
export function overdueStart(
  { name, createdAt, startupSeconds = longestStartupSeconds, message }: RunRevision,
  now: Date,
): string | undefined {
  if (createdAt === undefined) return undefined;
  const limitSeconds = startupSeconds + bringUpSeconds;
  if (now.getTime() - Date.parse(createdAt) < limitSeconds * 1000) return undefined;
  const words = (seconds: number): string => durationInWords(seconds * 1000);
  const said = message.split(/(?<=\.)\s/)[0] ?? '';
  return `${name} is neither ready nor failed after ${words(limitSeconds)}: ${words(startupSeconds)} to start (startup.deadlineSeconds) and ${words(bringUpSeconds)} for Cloud Run to bring it up, which says ${said === '' ? 'nothing of it' : JSON.stringify(said)}`;
}
