import { randomUUID } from 'node:crypto';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { ApiError } from '../core/api-error.ts';

/** Google's limit for a function's source, unpacked. https://cloud.google.com/functions/quotas */
const maxUnpackedBytes = 500 * 1024 * 1024;
const framework = '@google-cloud/functions-framework';

const invalid = (message: string, cause?: unknown): ApiError =>
  new ApiError('INVALID_ARGUMENT', message, cause === undefined ? {} : { cause });

/** A name out of an archive as a path that cannot leave the folder it is unpacked into; undefined when it would. */
export function insidePath(name: string): string | undefined {
  const parts = name.split('/').filter((part, index) => part !== '.' && !(part === '' && index > 0));
  const bad = (part: string): boolean =>
    part === '' || part === '..' || part.includes('\\') || part.includes('\u0000') || /^[A-Za-z]:/.test(part);
  return parts.length === 0 || parts.some(bad) ? undefined : parts.join('/');
}

function readZip(zip: Buffer): Map<string, Uint8Array> {
  let bytes = 0;
  const files = new Map<string, Uint8Array>();
  let content: Record<string, Uint8Array>;
  try {
    content = unzipSync(zip, {
      filter({ name, originalSize }) {
        bytes += originalSize;
        if (bytes > maxUnpackedBytes)
          throw invalid(`The function's source is larger than ${maxUnpackedBytes} bytes when unpacked`);
        return !name.endsWith('/');
      },
    });
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw invalid("The function's source is not a zip archive that can be read", cause);
  }
  for (const [name, data] of Object.entries(content)) {
    const inside = insidePath(name);
    if (inside === undefined)
      throw invalid(`The function's source holds a path that leads outside of it: ${name}`);
    files.set(inside, data);
  }
  return files;
}

/** Nothing is installed here, so whatever the function needs has to be in the archive. */
function checkManifest(files: ReadonlyMap<string, Uint8Array>): void {
  const file = files.get('package.json');
  if (!file) return;
  let manifest: { dependencies?: Record<string, string> };
  try {
    manifest = JSON.parse(Buffer.from(file).toString('utf8')) as typeof manifest;
  } catch (cause) {
    throw invalid("The function's package.json is not JSON", cause);
  }
  const missing = Object.keys(manifest.dependencies ?? {}).filter((name) => name !== framework);
  if (missing.length > 0) {
    throw invalid(
      `package.json has dependencies (${missing.join(', ')}), and the local cloud installs none: bundle the function into one file, for example with esbuild --bundle --external:${framework}, and leave "dependencies" out`,
    );
  }
}

/** Lets the source find the framework, as the buildpack's installation does. Done at every start: paths may change. */
function linkFramework(folder: string): void {
  const root = path.resolve(path.dirname(createRequire(import.meta.url).resolve(framework)), '../..');
  const link = path.join(folder, 'node_modules', framework);
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there && (!there.isSymbolicLink() || readlinkSync(link) === root)) return;
  mkdirSync(path.dirname(link), { recursive: true });
  // All functions share the folder, and one that starts just now must never find the link missing.
  const made = `${link}.${randomUUID()}`;
  symlinkSync(root, made);
  renameSync(made, link);
}

export interface Sources {
  /** Unpacks an archive; the same archive is unpacked once, however many functions run it. Returns its id. */
  add(zip: Buffer): string;
  /** The folder of a source, ready to run. Throws when it is gone. */
  folder(id: string): string;
  /** Removes every source that is not among `used`. */
  keep(used: ReadonlySet<string>): void;
}

export function createSources(root: string): Sources {
  return {
    add(zip) {
      const id = createHash('sha256').update(zip).digest('hex').slice(0, 32);
      const target = path.join(root, id);
      if (existsSync(target)) return id;
      const files = readZip(zip);
      checkManifest(files);
      // Renamed into place when complete.
      const draft = `${target}.new`;
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true });
      for (const [name, data] of files) {
        const file = path.join(draft, name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, data);
      }
      renameSync(draft, target);
      return id;
    },
    folder(id) {
      const folder = path.join(root, id);
      if (!existsSync(folder))
        throw new Error(`the function's unpacked source ${folder} is gone; deploy it again`);
      linkFramework(folder);
      return folder;
    },
    keep(used) {
      for (const name of readdirSync(root))
        if (!used.has(name)) rmSync(path.join(root, name), { recursive: true, force: true });
    },
  };
}

/** The framework's own start file, as `folder` finds it. */
export const frameworkMain = (folder: string): string =>
  path.join(folder, 'node_modules', framework, 'build/src/main.js');
