import path from 'node:path';
import { copiedPaths, lineage, pairsOf, type DockerStage, type DockerStages } from './docker-stages.ts';
import { npmCall, omitsDev, shellCommands } from './shell-commands.ts';

/** Folders with development dependencies in them, each with the line of the stage that put it there. */
export type DevFolders = ReadonlyMap<string, number>;

const within = (folder: string, file: string): boolean =>
  file === folder || file.startsWith(folder === '/' ? '/' : `${folder}/`);

/** What a stage ends with: installed there, or copied from another stage, and not pruned since. */
export function devFolders(dockerfile: DockerStages, stage: DockerStage): DevFolders {
  const found = new Map<string, number>();
  let workingDir = '/';
  let production = false;
  for (const { keyword, rest, flags, line } of lineage(stage).flatMap(({ instructions }) => instructions)) {
    if (keyword === 'WORKDIR') workingDir = path.posix.resolve(workingDir, rest);
    if (keyword === 'ENV' || keyword === 'ARG')
      for (const [name, value] of pairsOf(rest, dockerfile.escape))
        if (name === 'NODE_ENV') production = value?.replaceAll(/["']/g, '') === 'production';
    if (keyword === 'RUN') {
      let place = workingDir;
      for (const words of shellCommands(rest)) {
        if (words[0] === 'cd' && words[1] !== undefined) place = path.posix.resolve(place, words[1]);
        const folder = path.posix.resolve(place, 'node_modules');
        const call = npmCall(words);
        if (words[0] === 'rm' && words.some((word) => path.posix.resolve(place, word) === folder))
          found.delete(folder);
        if (!call) continue;
        if (omitsDev(call) || production) found.delete(folder);
        else if (call.verb !== 'prune' && !words.some((word) => word === '-g' || word === '--global'))
          found.set(folder, line);
      }
    }
    if (keyword === 'COPY') {
      const from = flags.get('from')?.[0]?.toLowerCase();
      const origin = dockerfile.stages.find(
        ({ name }, index) => from !== undefined && (name === from || String(index) === from),
      );
      // A stage cannot copy from itself or a later one.
      if (!origin || dockerfile.stages.indexOf(origin) >= dockerfile.stages.indexOf(stage)) continue;
      const { sources, destination } = copiedPaths({ keyword, rest, flags, line }, workingDir);
      for (const folder of devFolders(dockerfile, origin).keys())
        for (const source of sources.map((each) => path.posix.resolve('/', each)))
          // A folder's contents go into the destination, not the folder itself.
          if (within(source, folder))
            found.set(path.posix.join(destination, path.posix.relative(source, folder)), line);
    }
  }
  return found;
}
