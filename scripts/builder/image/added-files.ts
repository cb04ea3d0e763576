import { createReadStream, type ReadStream } from 'node:fs';
import type { Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { z } from 'zod';
import { addedLayers, type AddedLayers } from './added-layers.ts';
import type { DockerStages } from './docker-stages.ts';
import { tarFiles, type TarFile } from './tar-entries.ts';

/** What a Dockerfile adds to its base image: every file of its layers, one that two layers have twice, as a registry has it. */
export type AddedFiles =
  | { readonly kind: 'counted'; readonly files: readonly { readonly path: string; readonly size: number }[] }
  | Extract<AddedLayers, { kind: 'unknown' }>;

const manifestSchema = z.tuple([z.object({ Config: z.string(), Layers: z.array(z.string()) })]);
const configSchema = z.object({
  history: z
    .array(z.object({ created_by: z.string().optional(), empty_layer: z.boolean().optional() }))
    .default([]),
  // Of an image that the local cloud has built: its base has no layer, or one, and all that it adds is the last.
  'dev.slipway.tools': z.array(z.string()).optional(),
});

/** Out of what `docker save` has written. Throws when `file` is no such archive. */
export async function readAddedFiles(file: string, dockerfile: DockerStages): Promise<AddedFiles> {
  const entries = new Map<string, TarFile>();
  for await (const entry of tarFiles(createReadStream(file) as AsyncIterable<Buffer>))
    entries.set(entry.path, entry);
  const part = ({ offset, size }: TarFile): ReadStream =>
    // `end` is inclusive: of an empty file there is nothing to read.
    createReadStream(file, { start: offset, end: offset + Math.max(size, 1) - 1 });
  const named = (name: string): TarFile => {
    const entry = entries.get(name);
    if (!entry) throw new Error(`there is no ${name} in it: it was not written by docker save`);
    return entry;
  };
  const json = async (name: string): Promise<unknown> => {
    const chunks: Buffer[] = [];
    for await (const chunk of part(named(name)) as AsyncIterable<Buffer>) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  };
  const [{ Config, Layers }] = manifestSchema.parse(await json('manifest.json'));
  const config = configSchema.parse(await json(Config));
  const added: AddedLayers =
    config['dev.slipway.tools'] === undefined
      ? addedLayers(dockerfile, config.history, Layers.length)
      : { kind: 'known', count: 1 };
  if (added.kind === 'unknown') return added;
  const files: TarFile[] = [];
  for (const layer of Layers.slice(Layers.length - added.count)) {
    const entry = named(layer);
    if (entry.size === 0) continue;
    for await (const each of tarFiles(await unpacked(part(entry)))) files.push(each);
  }
  return { kind: 'counted', files: files.map(({ path, size }) => ({ path, size })) };
}

/** Docker's containerd store saves layers as it fetched or made them: packed. */
async function unpacked(packed: ReadStream): Promise<AsyncIterable<Uint8Array>> {
  const start = await firstBytes(packed, 4);
  const magic = start.toString('hex');
  if (magic.startsWith('1f8b')) return compose(packed, createGunzip());
  return magic === '28b52ffd' ? compose(packed, createZstdDecompress()) : (packed as AsyncIterable<Buffer>);
}

function compose(packed: ReadStream, unpacking: Transform): AsyncIterable<Uint8Array> {
  packed.once('error', (error) => unpacking.destroy(error));
  return packed.pipe(unpacking) as AsyncIterable<Buffer>;
}

/** What a stream begins with; it stays in it. */
function firstBytes(stream: ReadStream, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    stream.once('error', reject);
    stream.once('readable', () => {
      const chunk: unknown = stream.read();
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.alloc(0);
      if (bytes.length > 0) stream.unshift(bytes);
      resolve(bytes.subarray(0, count));
    });
  });
}
