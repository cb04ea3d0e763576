import { access, constants, readFile } from 'node:fs/promises';

export type Encoding = 'br' | 'gzip';

/** A built file, as build.ts lists it in assets.json. */
export interface AssetEntry {
  /** Where it is served. */
  readonly path: string;
  /** Where it is, below public/; a compressed form has the encoding's name behind it. */
  readonly file: string;
  /** Of the uncompressed content. */
  readonly hash: string;
  /** Whether its name changes with its content. */
  readonly immutable: boolean;
  readonly encodings: readonly Encoding[];
}

/** The built files by the path at which they are served: what is not in here is not served. */
export type Assets = ReadonlyMap<string, AssetEntry>;

/** Reads the list that the build wrote. Throws when there is none. */
export async function loadAssets(dist: URL): Promise<Assets> {
  const list = new URL('assets.json', dist);
  const json = await readFile(list, 'utf8').catch((cause: unknown) => {
    throw new Error('the built page is missing: run npm run build, then start dist/server.js', { cause });
  });
  const entries: readonly AssetEntry[] = JSON.parse(json);
  return new Map(entries.map((entry) => [entry.path, entry]));
}

export function assetUrl(dist: URL, { file }: AssetEntry, encoding: Encoding | undefined): URL {
  return new URL(`public/${file}${encoding === undefined ? '' : `.${encoding}`}`, dist);
}

/** The files on the list that cannot be read, compressed forms too. */
export async function unreadableAssets(dist: URL, assets: Assets): Promise<readonly string[]> {
  const urls = [...assets.values()].flatMap((entry) =>
    [undefined, ...entry.encodings].map((encoding) => assetUrl(dist, entry, encoding)),
  );
  const results = await Promise.all(
    urls.map((url) =>
      access(url, constants.R_OK).then(
        () => [],
        () => [url.href.slice(dist.href.length)],
      ),
    ),
  );
  return results.flat();
}
