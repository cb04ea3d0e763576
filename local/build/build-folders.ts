import path from 'node:path';
import type { Mount } from '../core/image-paths.ts';
import type { BuildConfig, BuildStep } from './build-types.ts';

/** Where one build keeps its files while it runs; all of it is below `root`, and goes with it. */
export interface BuildFolders {
  readonly root: string;
  readonly workspace: string;
  readonly home: string;
  readonly volumes: string;
  readonly outputs: string;
  readonly scripts: string;
}

export function buildFolders(root: string): BuildFolders {
  const below = (name: string): string => path.join(root, name);
  return {
    root,
    workspace: below('workspace'),
    home: below('home'),
    volumes: below('volumes'),
    outputs: below('outputs'),
    scripts: below('scripts'),
  };
}

export const volumeFolder = (folders: BuildFolders, name: string): string => path.join(folders.volumes, name);

/** Where a container would see the scripts of the steps. */
export const scriptsInside = '/builder/scripts';

/** `$BUILDER_OUTPUT` of one step. */
export const outputFolder = (folders: BuildFolders, step: number): string =>
  path.join(folders.outputs, String(step));

/** What stands for the folders that Cloud Build mounts into the container of a step. */
export function stepMounts(
  folders: BuildFolders,
  build: BuildConfig,
  step: BuildStep,
  index: number,
): Mount[] {
  const volumes = [...(build.options?.volumes ?? []), ...(step.volumes ?? [])];
  return [
    { inside: '/workspace', outside: folders.workspace },
    { inside: '/builder/home', outside: folders.home },
    { inside: '/builder/outputs', outside: outputFolder(folders, index) },
    { inside: scriptsInside, outside: folders.scripts },
    ...volumes.map(({ name = '', path: inside = '' }) => ({
      inside: path.posix.normalize(inside).replace(/(.)\/$/, '$1'),
      outside: volumeFolder(folders, name),
    })),
  ];
}
