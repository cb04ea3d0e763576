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

export function openBucket(api: GoogleApi, name: string): Bucket {
  const base = `/storage/v1/b/${encodeURIComponent(name)}/o`;
  const objectPath = (object: string): string => `${base}/${encodeURIComponent(object)}`;

  const upload = (
    object: string,
    content: string | Uint8Array<ArrayBuffer>,
    contentType: string,
    generation?: string,
  ): Promise<Response> =>
    api.request('storage', `/upload/storage/v1/b/${encodeURIComponent(name)}/o`, {
      method: 'POST',
      query: { uploadType: 'media', name: object, ifGenerationMatch: generation },
      body: content,
      contentType,
    });

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
      const response = await upload(object, text, contentType, generation);
      if (response.status === 412) {
        await response.body?.cancel();
        return undefined;
      }
      await expectOk(response, `writing gs://${name}/${object}`);
      return ((await response.json()) as { generation: string }).generation;
    },
    async write(object, content, contentType) {
      const response = await expectOk(
        await upload(object, content, contentType),
        `writing gs://${name}/${object}`,
      );
      await response.body?.cancel();
    },
    async remove(object, generation) {
      const response = await api.request('storage', objectPath(object), {
        method: 'DELETE',
        query: { ifGenerationMatch: generation },
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
