import { outsidePath, replacePaths, type ImageView } from '../core/image-paths.ts';

/** What a RUN may name of this machine: harmless, and the same in every image. */
const machinePath =
  /^(\/dev\/(null|zero|u?random|tty|stdin|stdout|stderr|fd\/\d+)|\/tmp(\/.*)?|\/bin\/(sh|bash)|\/usr\/bin\/env)$/;

/** Thrown for a path that stands for nothing on this machine. */
export class UnplacedPath extends Error {
  readonly path: string;
  constructor(inside: string) {
    super(
      `${inside} lies in the image's own file system, which a build without a container engine cannot offer: ` +
        'use a path below WORKDIR, or COPY to it',
    );
    this.name = 'UnplacedPath';
    this.path = inside;
  }
}

/**
 * A word of a RUN with its absolute paths at their place on this machine. Paths of the stage are translated in the
 * text (below WORKDIR, or in a folder that the stage made); a path that would touch this machine's own system throws
 * UnplacedPath.
 */
export function placeRunPaths(word: string, view: ImageView): string {
  return replacePaths(word, (inside) => {
    if (/(^|\/)\.\.(\/|$)/.test(inside)) throw new UnplacedPath(inside);
    const outside = outsidePath(inside, view);
    if (outside === inside && !machinePath.test(inside)) throw new UnplacedPath(inside);
    return outside;
  });
}
