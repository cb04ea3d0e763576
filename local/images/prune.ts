import { readdir, rm, stat } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { removeWhole, type ImageDisk, type Manifest } from './image-disk.ts';

const hourMs = 3_600_000;

/** What a build left that nothing refers to. */
export interface PruneBounds {
  /** Stage folders are kept up to this size altogether, the most recently used first. */
  readonly stageBytes: number;
  /** A stage folder that no build has used for this long is removed whatever the size. */
  readonly stageAgeMs: number;
  /** An image without a name, and not pushed, is kept for this long. */
  readonly imageAgeMs: number;
  /** Whatever was used within this time may be in use right now. */
  readonly inUseMs: number;
}

export const pruneBounds: PruneBounds = {
  stageBytes: 4 * 1024 ** 3,
  stageAgeMs: 7 * 24 * hourMs,
  imageAgeMs: 24 * hourMs,
  inUseMs: hourMs,
};

/** A stage folder with its size and the time of its last use. */
export interface KeptStage {
  readonly key: string;
  readonly sizeBytes: number;
  readonly usedMs: number;
}

/** Which stage folders go. */
export function stagesToRemove(stages: readonly KeptStage[], bounds: PruneBounds, nowMs: number): string[] {
  let total = 0;
  return [...stages]
    .sort((a, b) => b.usedMs - a.usedMs)
    .filter(({ sizeBytes, usedMs }) => {
      total += sizeBytes;
      const unusedMs = nowMs - usedMs;
      return unusedMs > bounds.inUseMs && (unusedMs > bounds.stageAgeMs || total > bounds.stageBytes);
    })
    .map(({ key }) => key);
}

const ageMs = async (file: string, nowMs: number): Promise<number> => {
  const found = await stat(file).catch(() => undefined);
  return found ? nowMs - found.mtimeMs : 0;
};

/** Removes what is beyond the bounds. `pushed` are the digests that the registry refers to: those stay for good. */
export async function prune(
  disk: ImageDisk,
  pushed: ReadonlySet<string>,
  nowMs: number,
  bounds: PruneBounds = pruneBounds,
): Promise<void> {
  const at = (...parts: string[]): string => path.join(disk.folder, ...parts);
  const stages: KeptStage[] = [];
  for (const key of await readdir(at('layers'))) {
    const size = await stat(at('layers', key, 'size')).catch(() => undefined);
    if (!size) continue;
    stages.push({
      key,
      usedMs: size.mtimeMs,
      sizeBytes: Number(readFileSync(at('layers', key, 'size'), 'utf8')),
    });
  }
  for (const key of stagesToRemove(stages, bounds, nowMs)) await removeWhole(disk, at('layers', key));

  const kept = new Set([...pushed, ...disk.names().map(({ digest }) => digest)]);
  const trees = new Set<string>();
  const configs = new Set<string>();
  for (const name of await readdir(at('manifests'))) {
    const file = at('manifests', name);
    if (!kept.has(`sha256:${name}`) && (await ageMs(file, nowMs)) > bounds.imageAgeMs) {
      await rm(file, { force: true });
      continue;
    }
    if (name.endsWith('.tmp')) continue;
    const { config, layers } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    configs.add(config.digest.slice('sha256:'.length));
    for (const { digest } of layers) trees.add(digest.slice('sha256:'.length));
  }
  const isOld = async (file: string): Promise<boolean> => (await ageMs(file, nowMs)) > bounds.imageAgeMs;
  for (const name of await readdir(at('configs')))
    if (!configs.has(name) && (await isOld(at('configs', name))))
      await rm(at('configs', name), { force: true });
  for (const name of await readdir(at('trees')))
    if (!trees.has(name) && (await isOld(at('trees', name, 'tree.jsonl'))))
      await removeWhole(disk, at('trees', name));
  for (const key of await readdir(at('results'))) {
    if (key.endsWith('.tmp')) continue;
    const tree = readFileSync(at('results', key), 'utf8').slice('sha256:'.length);
    if (!existsSync(at('trees', tree))) await rm(at('results', key), { force: true });
  }
  for (const name of await readdir(at('work')))
    if (await isOld(at('work', name))) await rm(at('work', name), { recursive: true, force: true });
}
