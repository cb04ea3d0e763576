import type { Clock } from '../../../local/core/clock.ts';
import type { ObjectStore } from '../../../local/core/links.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

export const bucket = 'test-project-slipway';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export interface StorageCloud extends TestCloud {
  readonly objects: ObjectStore;
  /** `path` below the origin. Redirects are not followed: 308 means "go on" to an upload. */
  call(
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer> | object,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  /** A media upload. */
  upload(name: string, content: string, query?: string): Promise<Answer>;
  /** Metadata of an object. */
  read(name: string, query?: string): Promise<Answer>;
  download(name: string, headers?: Record<string, string>): Promise<Answer>;
}

export async function storageCloud(
  options: { clock?: Clock; stateFolder?: string; rateLimit?: boolean } = {},
): Promise<StorageCloud> {
  const { rateLimit = false, ...rest } = options;
  const cloud = await testCloud(rest);
  const { room, objects } = createStorageRoom(cloud.context, { rateLimit });
  await cloud.serve([room]);
  const call: StorageCloud['call'] = async (method, path, body, headers = {}) => {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${cloud.context.origin}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...(isRaw || body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      get json() {
        return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      },
    };
  };
  const place = (name: string): string => `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
  return {
    ...cloud,
    objects,
    call,
    upload: (name, content, query = '') =>
      call(
        'POST',
        `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}${query}`,
        content,
        { 'content-type': 'application/json' },
      ),
    read: (name, query = '') => call('GET', `${place(name)}${query}`),
    download: (name, headers = {}) => call('GET', `${place(name)}?alt=media`, undefined, headers),
  };
}

export const makeBucket = (cloud: StorageCloud, settings: object = {}): Promise<Answer> =>
  cloud.call('POST', '/storage/v1/b?project=test-project', { name: bucket, ...settings });
