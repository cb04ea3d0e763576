import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseMultipart } from '../../../local/storage/multipart.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { bucket, makeBucket, storageCloud, type Answer, type StorageCloud } from './storage-cloud.ts';

let cloud: StorageCloud;
const clock = manualClock();

beforeEach(async () => {
  cloud = await storageCloud({ clock });
  await makeBucket(cloud);
});
afterEach(() => cloud.close());

const upload = `/upload/storage/v1/b/${bucket}/o`;

describe('multipart', () => {
  const body = (metadata: object, type: string, content: Buffer, eol = '\r\n'): Buffer<ArrayBuffer> =>
    Buffer.concat([
      Buffer.from(
        [
          '--frontier',
          'Content-Type: application/json; charset=UTF-8',
          '',
          JSON.stringify(metadata),
          '--frontier',
          `Content-Type: ${type}`,
          '',
          '',
        ].join(eol),
      ),
      content,
      Buffer.from(`${eol}--frontier--${eol}`),
    ]);
  const headers = { 'content-type': 'multipart/related; boundary=frontier' };
  // Every byte, line breaks next to what looks like the delimiter, and the delimiter inside a line.
  const nasty = Buffer.concat([
    Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
    Buffer.from('\r\nx--frontier\r\n--frontierless\r\n'),
  ]);

  test.each([['\r\n'], ['\n']])('keeps content byte for byte with %j', async (eol) => {
    const answer = await cloud.call(
      'POST',
      `${upload}?uploadType=multipart`,
      body({ name: 'a/b', metadata: { k: 'v' } }, 'image/png', nasty, eol),
      headers,
    );
    expect(answer.json).toMatchObject({
      name: 'a/b',
      contentType: 'image/png',
      metadata: { k: 'v' },
      size: String(nasty.length),
    });
    expect(cloud.objects.get(bucket, 'a/b').equals(nasty)).toBe(true);
  });

  test('the query names the object as the Node client does; the metadata type wins', async () => {
    const answer = await cloud.call(
      'POST',
      `${upload}?uploadType=multipart&name=x&ifGenerationMatch=0`,
      body({ contentType: 'text/css' }, 'text/plain', Buffer.alloc(0)),
      headers,
    );
    expect(answer.json).toMatchObject({ name: 'x', contentType: 'text/css', size: '0' });
  });

  test('a checksum that does not fit is refused and leaves nothing', async () => {
    const answer = await cloud.call(
      'POST',
      `${upload}?uploadType=multipart`,
      body({ name: 'a', md5Hash: 'AAAA' }, 'text/plain', Buffer.from('x')),
      headers,
    );
    expect(answer).toMatchObject({ status: 400 });
    expect(readdirSync(path.join(cloud.stateFolder, 'storage', 'content'))).toEqual([]);
  });

  test.each([
    ['no boundary', 'multipart/related', '--x--'],
    ['no end', 'multipart/related; boundary=x', '--x\r\n\r\n{}\r\n--x\r\n\r\ndata'],
    ['one part', 'multipart/related; boundary=x', '--x\r\n\r\n{}\r\n--x--'],
    ['no JSON', 'multipart/related; boundary="x"', '--x\r\n\r\n{\r\n--x\r\n\r\ndata\r\n--x--'],
  ])('with %s is refused', (_name, contentType, text) => {
    expect(() => parseMultipart(Buffer.from(text), contentType)).toThrow(/^Malformed multipart body/);
  });
});

test.each([
  ['?uploadType=media', 400],
  ['?uploadType=carrier-pigeon&name=a', 400],
])('an upload to %s is refused with %d', async (query, status) => {
  expect(await cloud.call('POST', `${upload}${query}`, 'x')).toMatchObject({ status });
});

test('an upload to a bucket that does not exist is refused', async () => {
  expect(
    await cloud.call('POST', '/upload/storage/v1/b/nowhere/o?uploadType=media&name=a', 'x'),
  ).toMatchObject({ status: 404 });
});

describe('resumable', () => {
  const begin = async (query = '', root = upload): Promise<string> => {
    const { status, headers } = await cloud.call(
      'POST',
      `${root}?uploadType=resumable&name=big${query}`,
      { metadata: { k: 'v' } },
      { 'x-upload-content-type': 'text/plain' },
    );
    expect(status).toBe(200);
    const { pathname, search } = new URL(headers.get('location') ?? '');
    return pathname + search;
  };
  const put = (place: string, content: string, range?: string): Promise<Answer> =>
    cloud.call('PUT', place, content, range === undefined ? {} : { 'content-range': range });

  test('in one piece', async () => {
    const answer = await put(await begin(), 'whole');
    expect(answer).toMatchObject({
      status: 200,
      json: { name: 'big', size: '5', contentType: 'text/plain', metadata: { k: 'v' } },
    });
  });

  test('below /resumable, as gcloud begins it', async () => {
    expect(await put(await begin('', `/resumable${upload}`), 'whole')).toMatchObject({ status: 200 });
  });

  test('in pieces, with a repeated one, a question and an unknown total', async () => {
    const place = await begin();
    expect((await put(place, '', 'bytes */*')).headers.get('range')).toBeNull();
    const first = await put(place, '0123', 'bytes 0-3/*');
    expect([first.status, first.headers.get('range')]).toEqual([308, 'bytes=0-3']);
    await put(place, '0123', 'bytes 0-3/*');
    const asked = await put(place, '', 'bytes */*');
    expect([asked.status, asked.headers.get('range')]).toEqual([308, 'bytes=0-3']);
    expect((await put(place, '89', 'bytes 8-9/10')).status).toBe(400);
    expect((await put(place, '3456789', 'bytes 3-9/10')).status).toBe(200);
    expect((await cloud.download('big')).text).toBe('0123456789');
    // The answer was lost: asking again gives it.
    expect(await put(place, '', 'bytes */10')).toMatchObject({ status: 200, json: { size: '10' } });
  });

  test('goes on after a restart', async () => {
    const place = await begin();
    await put(place, '0123', 'bytes 0-3/*');
    await cloud.close({ keepState: true });
    cloud = await storageCloud({ clock, stateFolder: cloud.stateFolder });
    expect((await put(place, '', 'bytes */*')).headers.get('range')).toBe('bytes=0-3');
    expect((await put(place, '45', 'bytes 4-5/6')).status).toBe(200);
    expect((await cloud.download('big')).text).toBe('012345');
  });

  test('meets its precondition at the beginning and at the end', async () => {
    const place = await begin('&ifGenerationMatch=0');
    await cloud.upload('big', 'faster');
    expect((await put(place, 'slower')).status).toBe(412);
    expect((await cloud.download('big')).text).toBe('faster');
    const refused = await cloud.call(
      'POST',
      `${upload}?uploadType=resumable&name=big&ifGenerationMatch=0`,
      {},
    );
    expect(refused.status).toBe(412);
  });

  test('can be cancelled, and ends after a week', async () => {
    const cancelled = await begin();
    expect((await cloud.call('DELETE', cancelled)).status).toBe(499);
    expect((await put(cancelled, 'x')).status).toBe(410);
    const old = await begin();
    clock.advance(7 * 86_400_000);
    expect((await put(old, 'x')).status).toBe(410);
  });

  test.each(['bytes 0-9/5x', 'lines 0-3/4', 'bytes 0-9/10'])(
    'refuses Content-Range %s for four bytes',
    async (range) => {
      expect((await put(await begin(), 'four', range)).status).toBe(400);
    },
  );
});
