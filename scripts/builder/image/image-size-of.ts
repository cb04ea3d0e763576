/** How large an image is, in bytes. */
export interface ImageSize {
  readonly image: string;
  /** `unpacked`: its files on a disk. `compressed`: its layers, as a registry holds them. */
  readonly measure: 'unpacked' | 'compressed';
  readonly bytes: number;
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
  /** What belongs to the image and could not be counted. */
  readonly without?: string;
}

/** What docker or the registry holds cannot be measured. */
export class UnmeasurableError extends Error {
  override readonly name = 'UnmeasurableError';
}

interface Inspected {
  readonly Id?: unknown;
  readonly RepoTags?: unknown;
  readonly Size?: unknown;
  /** Of images that the local cloud has built: what of the base image is a tool of this machine, not a file. */
  readonly 'dev.slipway.tools'?: unknown;
}

/** Out of what `docker image inspect IMAGE` prints. */
export function sizeOfInspected(text: string, shown: string): ImageSize {
  const [inspected, ...more] = Array.of(parse(text, shown)).flat() as Inspected[];
  const { Id, RepoTags, Size, 'dev.slipway.tools': tools } = inspected ?? {};
  if (typeof Size !== 'number' || typeof Id !== 'string' || more.length > 0)
    throw new Error(`${shown} is not what docker image inspect says of one image: it lacks Id or Size`);
  const [tag] = Array.isArray(RepoTags) ? (RepoTags as unknown[]) : [];
  return {
    image: typeof tag === 'string' ? tag : Id,
    measure: 'unpacked',
    bytes: Size,
    parts: [],
    ...(Array.isArray(tools) && tools.length > 0
      ? { without: `its base image, for which this machine's own ${tools.join(' and ')} stands` }
      : {}),
  };
}

interface Descriptor {
  readonly mediaType?: unknown;
  readonly digest?: unknown;
  readonly size?: unknown;
}

/** A layer as files in an archive, packed or not; https://github.com/opencontainers/image-spec/blob/main/layer.md */
const archive = /[./]tar([.+](gzip|zstd))?$/;

/** Out of an image manifest. Throws UnmeasurableError when its layers are no archives. */
export function sizeOfManifest(text: string, image: string): ImageSize {
  const { config, layers } = Object(parse(text, `the manifest of ${image}`)) as {
    config?: Descriptor;
    layers?: unknown;
  };
  if (!Array.isArray(layers) || typeof config?.size !== 'number')
    throw new Error(`the manifest of ${image} lists no layers`);
  const parts = (layers as Descriptor[]).map(({ mediaType, digest, size }, index) => {
    if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number')
      throw new Error(`layer ${index + 1} of ${image} has no size`);
    if (!archive.test(mediaType))
      throw new UnmeasurableError(`the registry holds no archive of layer ${index + 1} (${mediaType})`);
    return { name: `layer ${index + 1} ${digest.slice(0, 19)}`, bytes: size };
  });
  const bytes = parts.reduce((sum, part) => sum + part.bytes, config.size);
  return { image, measure: 'compressed', bytes, parts };
}

function parse(text: string, shown: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${shown} holds no JSON: ${(cause as Error).message}`, { cause });
  }
}
