import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { constants, createGzip } from 'node:zlib';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { expectOk, type GoogleApi } from '../../functions/platform/google-api.ts';
import type { StorageAddress } from './storage-address.ts';

/** What became of a look into the cache. */
export type Restored =
  | { readonly kind: 'hit'; readonly bytes: number }
  | { readonly kind: 'absent' }
  /** It was there and of no use; it has been thrown away. */
  | { readonly kind: 'corrupt'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

export type Saved =
  | { readonly kind: 'saved'; readonly bytes: number }
  /** Another build was faster. */
  | { readonly kind: 'exists' }
  | { readonly kind: 'not-saved'; readonly reason: string };

/** A folder of dependencies as an archive in a bucket. Nothing of it ever throws: a build without a cache is a build. */
export interface DependencyCache {
  /** Puts `<folder>/<name>` there, all of it or nothing. */
  restore(folder: string, name: string): Promise<Restored>;
  save(folder: string, name: string): Promise<Saved>;
}

const transferTimeoutMs = 5 * 60_000;

/** The files of a package that decide what `npm ci` installs; those that a package has not got count as empty. */
const decidingFiles = ['package.json', 'package-lock.json', '.npmrc'] as const;

/** `api-linux-x64-node24-<sha256>.tar.gz`. */
export async function dependencyKey(folder: string, label: string): Promise<string> {
  const files = decidingFiles.map((file) => path.join(folder, file));
  return contentKey(label, files, `-node${process.versions.node.split('.')[0] ?? ''}`);
}

/**
 * A key out of a label and the contents of files; the machine decides too, because packages bring programs along.
 * `tool` is what runs them, where that decides as well.
 */
export async function contentKey(label: string, files: readonly string[], tool = ''): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file).catch(() => '')).update('\0');
  const name = label.replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  return `${name}-${process.platform}-${process.arch}${tool}-${hash.digest('hex')}.tar.gz`;
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Why there was nothing to restore. */
export function describeMiss(missed: Exclude<Restored, { kind: 'hit' }>): string {
  switch (missed.kind) {
    case 'absent':
      return 'no build has had these packages yet';
    case 'corrupt':
      return `the archive was damaged and has been thrown away: ${missed.reason}`;
    case 'unreadable':
      return `the cache cannot be read: ${missed.reason}`;
    default:
      return missed satisfies never;
  }
}

export function openDependencyCache(
  api: GoogleApi,
  { bucket, prefix }: StorageAddress,
  key: string,
  /** The folder of the bucket: one for each kind of dependencies. */
  kind = 'npm',
): DependencyCache {
  const object = [prefix, kind, key].filter((part) => part !== '').join('/');
  const objectPath = `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(object)}`;

  return {
    async restore(folder, name) {
      let response: Response;
      try {
        response = await api.request('storage', objectPath, {
          query: { alt: 'media' },
          timeoutMs: transferTimeoutMs,
        });
        if (response.status === 404) {
          await response.body?.cancel();
          return { kind: 'absent' };
        }
        await expectOk(response, `reading gs://${bucket}/${object}`);
      } catch (error) {
        return { kind: 'unreadable', reason: (error as Error).message };
      }
      const generation = response.headers.get('x-goog-generation') ?? undefined;
      try {
        // Beside its place, so that moving it there is one step: a folder that is there is whole.
        return await withFolder(path.join(folder, '.restored-'), async (work) => {
          const bytes = await unpack(response, work);
          await rm(path.join(folder, name), { recursive: true, force: true });
          await rename(path.join(work, name), path.join(folder, name));
          return { kind: 'hit', bytes };
        });
      } catch (error) {
        // The next build would stumble over it too, and `save` never replaces what is there.
        await openBucket(api, bucket)
          .remove(object, generation)
          .catch(() => undefined);
        return { kind: 'corrupt', reason: (error as Error).message };
      }
    },

    async save(folder, name) {
      try {
        return await withFolder(path.join(folder, '.saved-'), async (work) => {
          const archive = path.join(work, 'archive.tar.gz');
          // Fast rather than small: the build waits for it, and the archive stays in Google's network.
          await tar(['-cf', '-', '-C', folder, name], undefined, (stdout) =>
            pipeline(stdout, createGzip({ level: constants.Z_BEST_SPEED }), createWriteStream(archive)),
          );
          const content = Uint8Array.from(await readFile(archive));
          const response = await api.request(
            'storage',
            `/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`,
            {
              method: 'POST',
              query: { uploadType: 'media', name: object, ifGenerationMatch: '0' },
              body: content,
              contentType: 'application/gzip',
              timeoutMs: transferTimeoutMs,
            },
          );
          if (response.status === 412) {
            await response.body?.cancel();
            return { kind: 'exists' };
          }
          await expectOk(response, `writing gs://${bucket}/${object}`);
          await response.body?.cancel();
          return { kind: 'saved', bytes: content.byteLength };
        });
      } catch (error) {
        return { kind: 'not-saved', reason: (error as Error).message };
      }
    },
  };
}

/** A new folder whose name begins with `prefix`, for as long as `use` takes. */
async function withFolder<T>(prefix: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(prefix);
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Unpacks while it comes in; the bytes that came. */
async function unpack(response: Response, folder: string): Promise<number> {
  if (!response.body) throw new Error('the archive is empty');
  let bytes = 0;
  const count = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      yield chunk;
    }
  };
  const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  // As root, tar would give the files to whoever owned them on the machine that packed them.
  await tar(['-xzf', '-', '--no-same-owner', '-C', folder], (stdin) => pipeline(body, count, stdin));
  return bytes;
}

/** `feed` writes its input, `take` reads its output. Throws with what tar said. */
async function tar(
  args: readonly string[],
  feed?: (stdin: Writable) => Promise<void>,
  take?: (stdout: Readable) => Promise<void>,
): Promise<void> {
  const child = spawn('tar', args, { stdio: [feed ? 'pipe' : 'ignore', take ? 'pipe' : 'ignore', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? 1);
    });
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(0, 500);
  });
  // When tar gives up, what is piped to it or from it fails too; why tar gave up is the better reason.
  const piped = Promise.allSettled([
    feed && child.stdin ? feed(child.stdin) : undefined,
    take && child.stdout ? take(child.stdout) : undefined,
  ]);
  const [code, transfers] = await Promise.all([ended, piped]);
  if (code !== 0) throw new Error(`tar ended with exit ${code}: ${said.trim().split('\n')[0] ?? ''}`);
  const broken = transfers.find((transfer) => transfer.status === 'rejected');
  if (broken)
    throw new Error(`the transfer broke off: ${(broken.reason as Error).message}`, { cause: broken.reason });
}
