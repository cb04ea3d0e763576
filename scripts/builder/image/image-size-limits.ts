import { LineCounter, parseDocument, isNode } from 'yaml';
import { z } from 'zod';

/** How large an image may be. A megabyte is a million bytes, as docker counts. */
export interface ImageSizeLimits {
  /** Unpacked, as `docker image inspect` tells it. */
  readonly maxMegabytes: number;
  /** What a registry holds and a new instance fetches. */
  readonly maxCompressedMegabytes: number;
  /** The files that the Dockerfile adds to its base image; needed only where those are counted. */
  readonly maxAddedMegabytes?: number | undefined;
  /** The line of the budget file that says so. */
  readonly line: number;
}

const megabytes = z.number().positive();
const file = z.strictObject({
  services: z.record(
    z.string(),
    z.strictObject({
      maxMegabytes: megabytes,
      maxCompressedMegabytes: megabytes,
      maxAddedMegabytes: megabytes.optional(),
    }),
  ),
});

/** What a budget file says of one service. Throws with `file:line` when it says nothing, or something else. */
export function readImageSizeLimits(text: string, shown: string, service: string): ImageSizeLimits {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true });
  const lineAt = (offset: number): number => Math.max(lineCounter.linePos(offset).line, 1);
  const [error] = document.errors;
  if (error) throw new Error(`${shown}:${lineAt(error.pos[0])}: ${error.message}`, { cause: error });
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lineAt(node.range[0]);
    }
    return 1;
  };
  const read = file.safeParse(document.toJS());
  if (!read.success) {
    const [issue] = read.error.issues;
    const path = issue?.path ?? [];
    throw new Error(`${shown}:${lineOf(path)}: ${path.join('.')}: ${issue?.message ?? ''}`, {
      cause: read.error,
    });
  }
  const { services } = read.data;
  const limits = Object.hasOwn(services, service) ? services[service] : undefined;
  if (!limits)
    throw new Error(
      `${shown}:${lineOf(['services'])}: there is no budget for ${service}: add ` +
        `"${service}: { maxMegabytes: …, maxCompressedMegabytes: …, maxAddedMegabytes: … }" under services`,
    );
  return { ...limits, line: lineOf(['services', service]) };
}
