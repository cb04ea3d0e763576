import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { describeTree, sha256, sizeOf, walk } from './file-tree.ts';
import { fromOciConfig, toOciConfig, type BuildConfig, type OciConfig } from './image-config.ts';

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
export const configType = 'application/vnd.oci.image.config.v1+json';
/** The one layer of an image here: not a tar, but the list of its entries with the hashes of their contents. */
export const treeType = 'application/vnd.slipway.tree.v1+jsonl';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** https://github.com/opencontainers/image-spec/blob/main/manifest.md */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** An image as it lies on the disk. */
export interface StoredImage {
  /** Of the manifest: what a registry knows it by. */
  readonly digest: string;
  /** Of the config: what Docker calls the image's id. */
  readonly id: string;
  /** Byte for byte what the digest is of. */
  readonly manifest: string;
  readonly oci: OciConfig;
  readonly config: BuildConfig;
  readonly rootFolder: string;
  /** Of all its files. */
  readonly sizeBytes: number;
  readonly createdMs: number;
}

/** A name that `docker` on this machine knows: `name:tag`, or `name@sha256:…` once pushed or pulled. */
export interface LocalName {
  readonly reference: string;
  readonly digest: string;
  readonly createdMs: number;
}

/**
 * Images, snapshots of stages, names and caches in one folder. Several processes work in it side by side: whatever
 * appears in it appears whole, by a rename, and is never changed again.
 */
export interface ImageDisk {
  readonly folder: string;
  /** An empty folder to build in. */
  newWorkFolder(): string;
  /** The folder of a stage after the step with this key, or undefined. Counts as a use of it. */
  findSnapshot(key: string): string | undefined;
  /** Keeps `work` as the snapshot of `key` and returns its folder. What another build has kept meanwhile wins. */
  keepSnapshot(key: string, work: string): Promise<string>;
  /** The digest of the tree that a target stage gave, if it is still there. */
  findTree(key: string): string | undefined;
  /** Keeps `work` as the content of an image and returns its digest. */
  keepTree(key: string, work: string): Promise<string>;
  putImage(config: BuildConfig, treeDigest: string): StoredImage;
  image(digest: string): StoredImage | undefined;
  images(): StoredImage[];
  /** A config or a tree by its digest. */
  blob(digest: string): Buffer | undefined;
  setName(reference: string, digest: string): void;
  names(): LocalName[];
  /** The kept folder of `RUN --mount=type=cache,id=…`. */
  cacheFolder(id: string): string;
  readonly lockFolder: string;
}

const hex = (digest: string): string => digest.replace(/^sha256:/, '');

/** What was moved to `target`; when something is there already, that is as good, and `source` is dropped. */
async function settle(source: string, target: string): Promise<void> {
  try {
    await rename(source, target);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await rm(source, { recursive: true, force: true });
  }
}

function writeWhole(file: string, content: string): void {
  const temporary = `${file}.${randomUUID()}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}

const readIfThere = (file: string): Buffer | undefined => (existsSync(file) ? readFileSync(file) : undefined);

/** Notes the use of a kept folder for the pruning. */
function touch(file: string): void {
  const now = new Date();
  utimesSync(file, now, now);
}

export function openImageDisk(folder: string): ImageDisk {
  const at = (...parts: string[]): string => path.join(folder, ...parts);
  for (const name of ['work', 'layers', 'trees', 'results', 'manifests', 'configs', 'names', 'caches'])
    mkdirSync(at(name), { recursive: true });

  const newWorkFolder = (): string => {
    const work = at('work', randomUUID());
    mkdirSync(path.join(work, 'root'), { recursive: true });
    return work;
  };

  const findTree = (key: string): string | undefined => {
    const digest = readIfThere(at('results', key))?.toString();
    if (digest === undefined || !existsSync(at('trees', hex(digest), 'tree.jsonl'))) return undefined;
    touch(at('trees', hex(digest), 'tree.jsonl'));
    return digest;
  };

  const image = (digest: string): StoredImage | undefined => {
    const file = at('manifests', hex(digest));
    const manifest = readIfThere(file)?.toString();
    if (manifest === undefined) return undefined;
    const { config, layers } = JSON.parse(manifest) as Manifest;
    const stored = readIfThere(at('configs', hex(config.digest)))?.toString();
    const [layer] = layers;
    const rootFolder = at('trees', hex(layer?.digest ?? ''), 'root');
    if (stored === undefined || layer === undefined || !existsSync(rootFolder)) return undefined;
    const oci = JSON.parse(stored) as OciConfig;
    return {
      digest,
      id: config.digest,
      manifest,
      oci,
      config: fromOciConfig(oci),
      rootFolder,
      sizeBytes: Number(layer.annotations?.['dev.slipway.size'] ?? 0),
      createdMs: statSync(file).mtimeMs,
    };
  };

  return {
    folder,
    lockFolder: at('locks'),
    newWorkFolder,
    findSnapshot(key) {
      const used = at('layers', key, 'size');
      if (existsSync(used)) {
        touch(used);
        return at('layers', key, 'root');
      }
      const digest = findTree(key);
      return digest === undefined ? undefined : at('trees', hex(digest), 'root');
    },
    async keepSnapshot(key, work) {
      writeFileSync(path.join(work, 'size'), String(sizeOf(await walk(path.join(work, 'root')))));
      await settle(work, at('layers', key));
      return at('layers', key, 'root');
    },
    findTree,
    async keepTree(key, work) {
      const root = path.join(work, 'root');
      const entries = await walk(root);
      const tree = await describeTree(root, entries);
      const digest = `sha256:${sha256(tree)}`;
      writeFileSync(path.join(work, 'tree.jsonl'), tree);
      writeFileSync(path.join(work, 'size'), String(sizeOf(entries)));
      await settle(work, at('trees', hex(digest)));
      writeWhole(at('results', key), digest);
      return digest;
    },
    putImage(config, treeDigest) {
      const tree = at('trees', hex(treeDigest));
      const oci = JSON.stringify(toOciConfig(config, treeDigest));
      const configDigest = `sha256:${sha256(oci)}`;
      const manifest: Manifest = {
        schemaVersion: 2,
        mediaType: manifestType,
        config: { mediaType: configType, digest: configDigest, size: Buffer.byteLength(oci) },
        layers: [
          {
            mediaType: treeType,
            digest: treeDigest,
            size: statSync(path.join(tree, 'tree.jsonl')).size,
            annotations: { 'dev.slipway.size': readFileSync(path.join(tree, 'size'), 'utf8') },
          },
        ],
      };
      const text = JSON.stringify(manifest);
      const digest = `sha256:${sha256(text)}`;
      if (!existsSync(at('configs', hex(configDigest)))) writeWhole(at('configs', hex(configDigest)), oci);
      if (!existsSync(at('manifests', hex(digest)))) writeWhole(at('manifests', hex(digest)), text);
      const stored = image(digest);
      if (!stored)
        throw new Error(`${tree} was removed while the image ${digest} was stored; build it again`);
      return stored;
    },
    image,
    images: () =>
      readdirSync(at('manifests'))
        .filter((name) => /^[0-9a-f]{64}$/.test(name))
        .flatMap((name) => image(`sha256:${name}`) ?? []),
    blob(digest) {
      if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined;
      return readIfThere(at('configs', hex(digest))) ?? readIfThere(at('trees', hex(digest), 'tree.jsonl'));
    },
    setName(reference, digest) {
      writeWhole(
        at('names', `${sha256(reference)}.json`),
        JSON.stringify({ reference, digest, createdMs: Date.now() } satisfies LocalName),
      );
    },
    names: () =>
      readdirSync(at('names'))
        .filter((name) => name.endsWith('.json'))
        .flatMap((name) => {
          const text = readIfThere(at('names', name))?.toString();
          return text === undefined ? [] : [JSON.parse(text) as LocalName];
        })
        .sort((a, b) => b.createdMs - a.createdMs),
    cacheFolder(id) {
      const cache = at('caches', sha256(id).slice(0, 32));
      mkdirSync(cache, { recursive: true });
      return cache;
    },
  };
}

/** Removes a file or folder so that no one sees half of it: moved aside first. */
export async function removeWhole(disk: ImageDisk, target: string): Promise<void> {
  const aside = path.join(disk.folder, 'work', `removed-${randomUUID()}`);
  try {
    await rename(target, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

export const removeWork = (work: string): void => {
  rmSync(work, { recursive: true, force: true });
};
