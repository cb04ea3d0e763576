import path from 'node:path';
import type { PlannedStage, PlannedStep } from './build-plan.ts';
import { copyFolder } from './copy-folder.ts';
import { removeWork, type ImageDisk } from './image-disk.ts';

/** Steps up to a point at which the stage's folder is kept: behind every RUN, and at the end. */
export interface Segment {
  readonly steps: readonly PlannedStep[];
  readonly key: string;
}

/** How the content behind a key is kept, and what names it: a folder for a stage, a digest for an image. */
export interface Keeper {
  readonly find: (key: string) => Promise<string | undefined>;
  readonly keep: (key: string, work: string) => Promise<string>;
}

/** For the target: its content becomes that of an image. */
export function treeKeeper(disk: ImageDisk): Keeper {
  const keep: Keeper['keep'] = (key, work) => disk.keepTree(key, work);
  return {
    keep,
    async find(key) {
      const tree = disk.findTree(key);
      const snapshot = tree === undefined ? disk.findSnapshot(key) : undefined;
      if (snapshot === undefined) return tree;
      // Built before as a stage of something else: nothing of it need run again.
      const work = disk.newWorkFolder();
      try {
        await copyFolder(snapshot, path.join(work, 'root'));
        return await keep(key, work);
      } finally {
        removeWork(work);
      }
    },
  };
}

/** Where the folder of a stage is kept: a later build with the same beginning goes on from there. */
export function segmentsOf({ steps, baseKey }: Pick<PlannedStage, 'steps' | 'baseKey'>): Segment[] {
  const segments: Segment[] = [];
  let open: PlannedStep[] = [];
  for (const step of steps) {
    open.push(step);
    if (step.action.kind !== 'run') continue;
    segments.push({ steps: open, key: step.key });
    open = [];
  }
  const last = open.at(-1);
  if (last || segments.length === 0) segments.push({ steps: open, key: last?.key ?? baseKey });
  return segments;
}

/** For every other stage: its folder stays for the stages and builds that go on from it. */
export function snapshotKeeper(disk: ImageDisk): Keeper {
  return {
    find: async (key) => disk.findSnapshot(key),
    keep: (key, work) => disk.keepSnapshot(key, work),
  };
}
