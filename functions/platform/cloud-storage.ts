import { randomUUID } from 'node:crypto';
import { expectOk, type GoogleApi } from './google-api.ts';

/** An object's content with the generation that was read. */
export interface StoredObject {
  readonly text: string;
  readonly generation: string;
}

/** A bucket whose writes are conditional. https://cloud.google.com/storage/docs/request-preconditions */
export interface Bucket {
  readonly name: string;
  /** Undefined when there is no such object. */
  read(object: string): Promise<StoredObject | undefined>;
  /**
   * Writes if the object still has `generation` (`'0'`: does not exist). The new generation, or undefined when
   * somebody else was faster.
   */
  writeIf(
    object: string,
    text: string,
    generation: string,
    contentType?: string,
  ): Promise<string | undefined>;
  write(object: string, content: string | Uint8Array<ArrayBuffer>, contentType: string): Promise<void>;
  /** Absent already is fine, and so is another generation than the one given: then it stays. */
  remove(object: string, generation?: string): Promise<void>;
  /** Names below `prefix`, in order. */
  list(prefix: string): Promise<string[]>;
}

/** Where people who are signed in read objects with a browser: `<this>/<bucket>/<object>`. */
export const browserOrigin = (endpoint: string | undefined): string =>
  endpoint === undefined ? 'https://storage.cloud.google.com' : `${endpoint}/storage.cloud.google.com`;

interface Resource {
  readonly generation: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Custom metadata that names the write which made a generation. When the answer to a conditional write is lost, the
 * write that is sent after it meets the first one's generation: 412, as if somebody else had been faster. Content does
 * not tell the two apart, for two may write the same.
 */
const writeKey = 'slipway-write';

/** https://cloud.google.com/storage/docs/uploading-objects#uploading-an-object, "JSON API", multipart. */
const multipart = (
  boundary: string,
  metadata: object,
  contentType: string,
  text: string,
): { body: string; contentType: string } => ({
  contentType: `multipart/related; boundary=${boundary}`,
  body: [
    `--${boundary}`,
    'content-type: application/json; charset=UTF-8',
    '',
    JSON.stringify(metadata),
    `--${boundary}`,
    `content-type: ${contentType}`,
    '',
    text,
    `--${boundary}--`,
    '',
  ].join('\r\n'),
});

export function openBucket(api: GoogleApi, name: string): Bucket {
  const base = `/storage/v1/b/${encodeURIComponent(name)}/o`;
  const objectPath = (object: string): string => `${base}/${encodeURIComponent(object)}`;

  const uploadPath = `/upload/storage/v1/b/${encodeURIComponent(name)}/o`;

  /** The generation that stands, if it is the one that `write` made. */
  const generationOf = async (object: string, write: string): Promise<string | undefined> => {
    const response = await api.request('storage', objectPath(object), {
      query: { fields: 'generation,metadata' },
    });
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    await expectOk(response, `reading what gs://${name}/${object} is`);
    const { generation, metadata } = (await response.json()) as Resource;
    return metadata?.[writeKey] === write ? generation : undefined;
  };

  return {
    name,
    async read(object) {
      const response = await api.request('storage', objectPath(object), { query: { alt: 'media' } });
      if (response.status === 404) {
        await response.body?.cancel();
        return undefined;
      }
      await expectOk(response, `reading gs://${name}/${object}`);
      return { text: await response.text(), generation: response.headers.get('x-goog-generation') ?? '0' };
    },
    async writeIf(object, text, generation, contentType = 'application/json') {
      const write = randomUUID();
      const metadata = { name: object, contentType, metadata: { [writeKey]: write } };
      const response = await api.request('storage', uploadPath, {
        method: 'POST',
        query: { uploadType: 'multipart', ifGenerationMatch: generation },
        ...multipart(write, metadata, contentType, text),
      });
      if (response.status === 412) {
        await response.body?.cancel();
        return generationOf(object, write);
      }
      await expectOk(response, `writing gs://${name}/${object}`);
      return ((await response.json()) as Resource).generation;
    },
    async write(object, content, contentType) {
      const response = await api.request('storage', uploadPath, {
        method: 'POST',
        query: { uploadType: 'media', name: object },
        body: content,
        contentType,
        // It replaces whatever stands, and would the second time.
        repeatable: true,
      });
      await expectOk(response, `writing gs://${name}/${object}`);
      await response.body?.cancel();
    },
    async remove(object, generation) {
      const response = await api.request('storage', objectPath(object), {
        method: 'DELETE',
        query: { ifGenerationMatch: generation },
        repeatable: true,
      });
      if (response.status !== 404 && response.status !== 412)
        await expectOk(response, `deleting gs://${name}/${object}`);
      await response.body?.cancel();
    },
    async list(prefix) {
      const names: string[] = [];
      let pageToken: string | undefined;
      do {
        const response = await api.request('storage', base, {
          query: { prefix, pageToken, fields: 'items(name),nextPageToken' },
        });
        await expectOk(response, `listing gs://${name}/${prefix}`);
        const page = (await response.json()) as { items?: { name: string }[]; nextPageToken?: string };
        names.push(...(page.items ?? []).map((item) => item.name));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      return names;
    },
  };
}
