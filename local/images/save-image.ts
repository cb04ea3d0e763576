import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hashFile, sha256, type TreeEntry } from './file-tree.ts';
import type { ImageDisk, StoredImage } from './image-disk.ts';
import { writeTar, type TarEntry } from './write-tar.ts';

/**
 * `docker save`: the image as an archive with its config and its layers, in the form that Docker's own has.
 * https://github.com/opencontainers/image-spec and `manifest.json` of
 * https://github.com/moby/docker-image-spec/blob/main/v1.2.md#combined-image-json--filesystem-changeset-format
 *
 * What the Dockerfile has added is the last layer. There is one below it only for an image on top of another that was
 * built here; the files of a public base image are tools of this machine, and in no layer (`dev.slipway.tools`).
 */
export async function saveImage(
  disk: ImageDisk,
  image: StoredImage,
  names: readonly string[],
  target: string,
): Promise<void> {
  const work = mkdtempSync(path.join(tmpdir(), 'docker-save-'));
  try {
    const layers: { readonly file: string; readonly digest: string }[] = [];
    for (const [index, lines] of layersOf(disk, image).entries()) {
      const file = path.join(work, String(index));
      await writeTar(
        file,
        lines.map((line) => toTarEntry(JSON.parse(line) as TreeEntry, image.rootFolder)),
      );
      layers.push({ file, digest: await hashFile(file, statSync(file).size) });
    }
    const config = Buffer.from(
      JSON.stringify({
        ...image.oci,
        rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => `sha256:${digest}`) },
      }),
    );
    const blob = (hex: string): string => `blobs/sha256/${hex}`;
    const manifest = [
      {
        Config: blob(sha256(config)),
        RepoTags: names,
        Layers: layers.map(({ digest }) => blob(digest)),
      },
    ];
    const files = [
      { path: blob(sha256(config)), bytes: config },
      { path: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)) },
    ];
    await writeTar(target, [
      ...layers.map(({ file, digest }): TarEntry => ({
        path: blob(digest),
        mode: 0o644,
        type: 'file',
        file,
        size: statSync(file).size,
      })),
      ...files.map((each): TarEntry => ({ ...each, mode: 0o644, type: 'bytes' })),
    ]);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The entries of each layer, as lines of a tree. */
function layersOf(disk: ImageDisk, { oci, digest }: StoredImage): string[][] {
  const linesOf = (tree: string): string[] => {
    const text = disk.blob(tree)?.toString('utf8');
    if (text === undefined) throw new Error(`the files of ${digest} are incomplete: build it again`);
    return text.split('\n').filter((line) => line !== '');
  };
  const all = linesOf(oci.rootfs.diff_ids[0] ?? '');
  const base = oci['dev.slipway.base'];
  if (base === undefined) return [all];
  const below = new Set(linesOf(base));
  return [all.filter((line) => below.has(line)), all.filter((line) => !below.has(line))];
}

function toTarEntry(entry: TreeEntry, root: string): TarEntry {
  if (entry.type === 'link') return { ...entry, mode: 0o777 };
  return entry.type === 'folder' ? entry : { ...entry, file: path.join(root, entry.path) };
}
