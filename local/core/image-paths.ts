import path from 'node:path';

/** A folder as a container sees it, and the folder of this machine that stands for it. */
export interface Mount {
  /** Absolute, without a trailing slash: `/workspace`, `/cloudsql/p:r:i`. */
  readonly inside: string;
  readonly outside: string;
}

/** What a process would see of the file system inside its container. */
export interface ImageView {
  /** The image's `rootFolder`; undefined where only the mounts stand for something. */
  readonly rootFolder?: string | undefined;
  /** The image's `toolPaths`: what base images keep in `/usr/local/bin` or `/nodejs/bin` is looked up there. */
  readonly toolPaths?: readonly string[];
  /** Where several fit, the longest `inside` wins; any of them wins over the image. */
  readonly mounts: readonly Mount[];
  /** Whether this file or folder exists on this machine (`fs.existsSync`). */
  readonly exists: (file: string) => boolean;
}

/** Folders of base images that hold the tools which `toolPaths` stands for. */
const toolFolders = new Set(['/usr/local/bin', '/nodejs/bin']);

/** Folders that every system has: an image that has one does not claim what lies in it, only what it put there. */
const standardFolder =
  /^\/((bin|boot|dev|etc|home|lib|lib64|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)|usr\/(local\/)?(bin|etc|include|lib|lib64|libexec|local|sbin|share|src)|var\/(cache|lib|lock|log|mail|opt|run|spool|tmp))?$/;

const isBelow = (file: string, folder: string): boolean => file === folder || file.startsWith(`${folder}/`);

/** Whether the image has `inside`, or a folder above it that is the image's own. */
function belongsToImage(inside: string, rootFolder: string, exists: ImageView['exists']): boolean {
  if (inside === '/') return false;
  if (exists(rootFolder + inside)) return true;
  let folder = path.posix.dirname(inside);
  while (folder !== '/' && !exists(rootFolder + folder)) folder = path.posix.dirname(folder);
  return !standardFolder.test(folder);
}

/**
 * The place on this machine of an absolute path inside a container; the path itself where nothing stands for it
 * (`/usr/bin/env`, `/dev/null`). A mount covers all below it, also what does not exist yet. The image covers what it
 * has, and what is yet to be made in folders of its own (`/app/new.json`, `/usr/src/app/new.json`).
 */
export function outsidePath(inside: string, view: ImageView): string {
  const normal = path.posix.normalize(inside);
  const bare = normal === '/' ? normal : normal.replace(/\/$/, '');
  const mount = view.mounts
    .filter((each) => isBelow(bare, each.inside))
    .reduce<Mount | undefined>((a, b) => (a && a.inside.length >= b.inside.length ? a : b), undefined);
  if (mount) return mount.outside + normal.slice(mount.inside.length);
  if (view.rootFolder !== undefined && belongsToImage(bare, view.rootFolder, view.exists))
    return view.rootFolder + normal;
  if (toolFolders.has(path.posix.dirname(bare))) {
    const tool = (view.toolPaths ?? [])
      .map((folder) => path.join(folder, path.posix.basename(bare)))
      .find(view.exists);
    if (tool !== undefined) return tool;
  }
  return inside;
}

const escapeRegex = (text: string): string => text.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&');

/** How to find what `replacePaths` replaces. */
interface PathSyntax {
  /** Paths that are one word although they hold `:` or the like: `/cloudsql/p:r:i`. */
  readonly whole?: readonly string[];
  /** What becomes of a URL; by default it stays as it is. */
  readonly replaceUrl?: (url: string) => string;
}

/**
 * `text` with every absolute path in it replaced by what `replace` returns. A path starts where a word could start:
 * behind a blank, `=`, `:`, `,`, an opening quote or bracket, but not behind a name, `.`, `~`, `}` or a closing quote
 * (`./app`, `$DIR/app`, `"$DIR"/app`). One pass: nothing is replaced twice.
 */
export function replacePaths(
  text: string,
  replace: (inside: string) => string,
  { whole = [], replaceUrl = (url) => url }: PathSyntax = {},
): string {
  const words = whole.map((word) => `${escapeRegex(word)}(?![\\w-])`).join('|');
  const pattern = [
    /[A-Za-z][\w+.-]*:\/\/[^\s"'`]*/.source,
    /(?<![\w.~)}*?\]\\/-])(?<![\w.~)}*?\]/-]["'])/.source +
      `(?:${words === '' ? '' : `${words}|`}\\/)` +
      /[^\s"'`:;,|&<>(){}=]*/.source,
  ].join('|');
  return text.replace(new RegExp(pattern, 'g'), (found) =>
    found.startsWith('/') ? replace(found) : replaceUrl(found),
  );
}

/** A connection string names its socket folder as a value of its query, encoded or not. */
function translateUrl(url: string, mounts: readonly Mount[]): string {
  const pairs = mounts.flatMap(({ inside, outside }) => [
    [inside, outside],
    [encodeURIComponent(inside), encodeURIComponent(outside)],
  ]);
  for (const [inside = '', outside = ''] of pairs) {
    const pattern = new RegExp(`(?<=[?&][^=&]*=)${escapeRegex(inside)}(?![\\w-])`);
    if (pattern.test(url)) return url.replace(pattern, () => outside);
  }
  return url;
}

/**
 * Every absolute path in an argument, an environment value or a script, at its place on this machine:
 * `--config=/app/a.json`, `/workspace/bin:/usr/bin`, `cat /workspace/x > /workspace/y`. Of a URL only a mount named
 * in its query: `postgres://u@/db?host=/cloudsql/p:r:i`.
 */
export function translatePaths(text: string, view: ImageView): string {
  return replacePaths(text, (inside) => outsidePath(inside, view), {
    whole: view.mounts.map(({ inside }) => inside).filter((inside) => inside.includes(':')),
    replaceUrl: (url) => translateUrl(url, view.mounts),
  });
}
