import type { Snapshot } from '../scripts/watch/snapshot.ts';
import type { LocalSession } from './with-pipeline.ts';

const lastLines = 30;

/** Throws for a build that failed, with the end of its log: figures of such a push would be those of something else. */
export async function requireBuilt({ origin }: LocalSession, { builds }: Snapshot): Promise<void> {
  const failed = builds.find(({ build }) => build.status !== 'SUCCESS')?.build;
  if (!failed) return;
  const response = await fetch(`${origin}/cloud-build/logs/${failed.id}`);
  const lines = (await response.text()).trimEnd().split('\n').slice(-lastLines);
  throw new Error(`${failed.name} ended as ${failed.status}. The end of its log:\n${lines.join('\n')}`);
}
