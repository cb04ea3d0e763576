import { readdir } from 'node:fs/promises';
import { findSourceMap } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scrubSource } from './scrub-source.ts';
import type { SourceOf } from './source-lines.ts';

/** The service's bundle has this file in its folder or in the folder of its chunks; a function's is CommonJS. */
const here = typeof __filename === 'string' ? __filename : import.meta.filename;

/** The folder of the bundle that this file is part of. */
export const bundleFolder = basename(dirname(here)) === 'chunks' ? dirname(dirname(here)) : dirname(here);

/** Characters of one source; a larger one was not written by hand. */
const longestSource = 200_000;
/** For the lines of one error: they are for the eye alone, and the event loop has other things to do. */
const linesMs = 50;
/** Sources whose lines are kept for the next error. */
const maxKept = 50;

type Contents = ReadonlyMap<string, string | undefined>;

/**
 * Finds the sources of a bundle in the maps that Node has read with it (`--enable-source-maps`), by the paths that
 * stacks give them. Without maps nothing is found. What it returns is called for each error anew.
 */
export function openBundleSources(folder: string): () => Promise<SourceOf> {
  let scripts: Promise<string[]> | undefined;
  const read = new Map<string, Contents>();
  const kept = new Map<string, readonly string[]>();

  /** Not of each script at once: most stacks are of the first alone. */
  function contentsWith(path: string, files: readonly string[]): Contents | undefined {
    for (const script of files) {
      const contents = read.get(script) ?? contentsOf(script);
      // One without is not loaded yet, perhaps.
      if (contents.size > 0) read.set(script, contents);
      if (contents.has(path)) return contents;
    }
    return undefined;
  }

  return async () => {
    const files = await (scripts ??= listScripts(folder));
    let spentMs = 0;
    function linesOf(path: string, content: string | undefined): readonly string[] | undefined {
      const known = kept.get(path);
      if (known || content === undefined || content.length > longestSource || spentMs > linesMs) return known;
      const began = performance.now();
      const lines = scrubSource(content);
      spentMs += performance.now() - began;
      if (kept.size >= maxKept) kept.clear();
      kept.set(path, lines);
      return lines;
    }
    return (path) => {
      const contents = contentsWith(path, files);
      if (!contents) return undefined;
      const lines = linesOf(path, contents.get(path));
      return { name: nameIn(folder, path), ...(lines && { lines }) };
    };
  };
}

/** Where the source is from the bundle, without the way up: the same on each machine, in the image and beside it. */
export function nameIn(folder: string, path: string): string {
  return relative(folder, path).replace(/^(?:\.\.\/)+/, '');
}

/** The files of a bundle, those that are always loaded first. */
async function listScripts(folder: string): Promise<string[]> {
  const lists = [folder, join(folder, 'chunks')].map(async (each) => {
    const names = await readdir(each).catch(() => []);
    return names.filter((name) => name.endsWith('.js')).map((name) => join(each, name));
  });
  return (await Promise.all(lists)).flat();
}

/** The contents of a script's sources by their paths; nothing, unless it is loaded and has a map. */
function contentsOf(script: string): Contents {
  const payload = findSourceMap(script)?.payload;
  return new Map(
    payload?.sources.flatMap((url, index) =>
      url.startsWith('file:') ? [[fileURLToPath(url), payload.sourcesContent?.[index] ?? undefined]] : [],
    ),
  );
}
