import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { manualClock, type ManualClock } from '../../support/manual-clock.ts';
import { bucket, makeBucket, storageCloud, type Answer, type StorageCloud } from './storage-cloud.ts';

let clock: ManualClock;
let cloud: StorageCloud;

beforeEach(async () => {
  clock = manualClock();
  cloud = await storageCloud({ clock });
  await makeBucket(cloud);
});
afterEach(() => cloud.close());

const reason = ({ json }: Answer): unknown =>
  (json as { error: { errors: { reason: string }[] } }).error.errors[0]?.reason;
const base = `/storage/v1/b/${bucket}`;
const names = ({ json }: Answer): string[] =>
  ((json.items ?? []) as { name: string }[]).map(({ name }) => name);
const generationOf = ({ json }: Answer): string => json.generation as string;

describe('buckets', () => {
  test('are made, read, listed, changed and deleted', async () => {
    expect(await makeBucket(cloud)).toMatchObject({ status: 409 });
    const labelled = await cloud.call('PATCH', base, { labels: { a: '1', b: '2' }, lifecycle: { rule: [] } });
    expect(labelled.json).toMatchObject({
      metageneration: '2',
      labels: { a: '1', b: '2' },
      lifecycle: { rule: [] },
    });
    const relabelled = await cloud.call('PATCH', `${base}?ifMetagenerationMatch=2`, {
      labels: { a: null },
      lifecycle: null,
    });
    expect(relabelled.json).toMatchObject({ metageneration: '3', labels: { b: '2' } });
    expect(relabelled.json).not.toHaveProperty('lifecycle');
    expect(await cloud.call('PATCH', `${base}?ifMetagenerationMatch=2`, { labels: {} })).toMatchObject({
      status: 412,
    });
    expect(names(await cloud.call('GET', '/storage/v1/b?project=test-project'))).toEqual([bucket]);
    expect(names(await cloud.call('GET', '/storage/v1/b?project=another'))).toEqual([]);
    await cloud.upload('a', 'x');
    expect(await cloud.call('DELETE', base)).toMatchObject({ status: 409 });
    await cloud.call('DELETE', `${base}/o/a`);
    expect(await cloud.call('DELETE', base)).toMatchObject({ status: 204 });
    expect(await cloud.call('GET', base)).toMatchObject({ status: 404 });
    expect(cloud.objects.bucketExists(bucket)).toBe(false);
  });

  test.each([
    [{ name: 'Upper' }, 400, 'invalid'],
    [{ name: 'fine', retentionPolicy: { retentionPeriod: '10' } }, 501, 'notImplemented'],
  ])('%j is refused', async (body, status, why) => {
    const answer = await cloud.call('POST', '/storage/v1/b?project=test-project', body);
    expect([answer.status, reason(answer)]).toEqual([status, why]);
  });
});

describe('objects', () => {
  test('carry what the client libraries check', async () => {
    const { status, json } = await cloud.upload('releases/api/x.json', '123456789');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      kind: 'storage#object',
      name: 'releases/api/x.json',
      bucket,
      size: '9',
      contentType: 'application/json',
      metageneration: '1',
      generation: '1772445600000000',
      md5Hash: 'JfnnlDI7RTiF9RgfG2JNCw==',
      crc32c: '4waSgw==',
      timeCreated: '2026-03-02T10:00:00.000Z',
      updated: '2026-03-02T10:00:00.000Z',
    });
    expect((await cloud.read('releases/api/x.json')).json).toEqual(json);
    const media = await cloud.download('releases/api/x.json');
    expect(media.text).toBe('123456789');
    expect(media.headers.get('content-type')).toBe('application/json');
    expect(media.headers.get('x-goog-generation')).toBe('1772445600000000');
    expect(media.headers.get('x-goog-hash')).toBe('crc32c=4waSgw==,md5=JfnnlDI7RTiF9RgfG2JNCw==');
    expect(media.headers.get('etag')).toBe(json.etag);
  });

  test('generations only grow, also when the clock stands still or goes back over a restart', async () => {
    const first = generationOf(await cloud.upload('a', '1'));
    const second = generationOf(await cloud.upload('b', '1'));
    await cloud.call('DELETE', `${base}/o/b`);
    await cloud.close({ keepState: true });
    cloud = await storageCloud({ clock: manualClock(clock.now() - 60_000), stateFolder: cloud.stateFolder });
    const third = generationOf(await cloud.upload('b', '1'));
    expect(BigInt(second) > BigInt(first) && BigInt(third) > BigInt(second)).toBe(true);
  });

  test.each([
    'a b',
    'ü/ö',
    '100%',
    'a:b',
    '../../etc/passwd',
    'x'.repeat(1024),
    '__proto__',
    '日本語/🚀',
    'a#1',
    'a?b&c',
  ])('may be called %s', async (name) => {
    expect(await cloud.upload(name, name)).toMatchObject({ status: 200, json: { name } });
    expect((await cloud.download(name)).text).toBe(name);
    expect(names(await cloud.call('GET', `${base}/o`))).toEqual([name]);
    expect(await cloud.call('DELETE', `${base}/o/${encodeURIComponent(name)}`)).toMatchObject({
      status: 204,
    });
  });

  test.each([['.'], ['..'], ['a\nb'], ['x'.repeat(1025)]])('may not be called %j', async (name) => {
    expect(await cloud.upload(name, 'x')).toMatchObject({ status: 400 });
    expect(readdirSync(path.join(cloud.stateFolder, 'storage', 'content'))).toEqual([]);
  });

  test('whose slashes are not escaped are not found, and the error says why', async () => {
    await cloud.upload('a/b', 'x');
    const answer = await cloud.call('GET', `${base}/o/a/b`);
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('%2F');
  });

  test('settings are patched, custom metadata key by key, and counted', async () => {
    await cloud.upload('a', 'x');
    const patched = await cloud.call('PATCH', `${base}/o/a`, {
      metadata: { k: 'v', l: 'w' },
      cacheControl: 'no-store',
    });
    expect(patched.json).toMatchObject({
      metageneration: '2',
      metadata: { k: 'v', l: 'w' },
      cacheControl: 'no-store',
      contentType: 'application/json',
    });
    const again = await cloud.call('PATCH', `${base}/o/a?ifMetagenerationMatch=2`, {
      metadata: { k: null },
      cacheControl: null,
    });
    expect(again.json).toMatchObject({ metageneration: '3', metadata: { l: 'w' } });
    expect(again.json).not.toHaveProperty('cacheControl');
    expect(await cloud.call('PATCH', `${base}/o/a?ifMetagenerationMatch=2`, {})).toMatchObject({
      status: 412,
    });
    expect(await cloud.call('PATCH', `${base}/o/a`, { temporaryHold: true })).toMatchObject({ status: 501 });
    const replaced = await cloud.call('PUT', `${base}/o/a`, { contentType: 'text/plain' });
    expect(replaced.json).toMatchObject({ metageneration: '4', contentType: 'text/plain' });
    expect(replaced.json).not.toHaveProperty('metadata');
  });

  test('what the local cloud has not got says so', async () => {
    const answer = await cloud.call('GET', `${base}/iam`);
    expect([answer.status, reason(answer)]).toEqual([501, 'notImplemented']);
    expect(answer.text).toContain(`${base}/iam`);
  });
});

describe('preconditions', () => {
  const upload = (content: string, query: string): Promise<Answer> => cloud.upload('record', content, query);

  test('decide by the generation that was read', async () => {
    const first = await upload('1', '&ifGenerationMatch=0');
    expect(first.status).toBe(200);
    const refused = await upload('2', '&ifGenerationMatch=0');
    expect(refused).toMatchObject({
      status: 412,
      json: { error: { code: 412, errors: [{ domain: 'global', reason: 'conditionNotMet' }] } },
    });
    const second = await upload('2', `&ifGenerationMatch=${generationOf(first)}`);
    expect(second.status).toBe(200);
    expect((await upload('3', `&ifGenerationMatch=${generationOf(first)}`)).status).toBe(412);
    expect((await cloud.download('record')).text).toBe('2');
    expect((await upload('3', `&ifGenerationNotMatch=${generationOf(second)}`)).status).toBe(412);
    expect((await upload('3', '&ifGenerationMatch=soon')).status).toBe(400);
  });

  test.each([
    ['?ifGenerationMatch=1', 412],
    ['?ifMetagenerationMatch=7', 412],
    ['?ifMetagenerationNotMatch=1', 304],
    ['?ifGenerationNotMatch=1', 200],
    ['?generation=1', 404],
  ])('reading with %s answers %d', async (query, status) => {
    await upload('1', '');
    expect((await cloud.read('record', query)).status).toBe(status);
  });

  test('of many writers that read the same generation one wins', async () => {
    let generation = '0';
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, writer) =>
          upload(`${round}/${writer}`, `&ifGenerationMatch=${generation}`),
        ),
      );
      const winners = answers.filter(({ status }) => status === 200);
      expect(winners).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 412)).toHaveLength(7);
      generation = winners[0] ? generationOf(winners[0]) : '';
      expect((await cloud.read('record')).json.generation).toBe(generation);
    }
  });

  test('guard a deletion', async () => {
    const generation = generationOf(await upload('1', ''));
    const place = `${base}/o/record`;
    expect((await cloud.call('DELETE', `${place}?ifGenerationMatch=1`)).status).toBe(412);
    expect((await cloud.call('DELETE', `${place}?ifGenerationMatch=${generation}`)).status).toBe(204);
    expect((await cloud.call('DELETE', place)).status).toBe(404);
    expect(readdirSync(path.join(cloud.stateFolder, 'storage', 'content'))).toEqual([]);
  });
});

describe('listing', () => {
  beforeEach(async () => {
    for (const name of ['a', 'a/1', 'a/2', 'b/c/1', 'b/c/2', 'c', '\u{1F680}', '\uFF5E'])
      await cloud.upload(name, name);
  });
  const list = (query: string): Promise<Answer> => cloud.call('GET', `${base}/o${query}`);

  test.each<[string, string[], string[] | undefined]>([
    // UTF-8 order: U+FF5E comes before U+1F680, although its UTF-16 unit is higher.
    ['', ['a', 'a/1', 'a/2', 'b/c/1', 'b/c/2', 'c', '\uFF5E', '\u{1F680}'], undefined],
    ['?prefix=a', ['a', 'a/1', 'a/2'], undefined],
    ['?prefix=a/', ['a/1', 'a/2'], undefined],
    ['?delimiter=/&endOffset=d', ['a', 'c'], ['a/', 'b/']],
    ['?delimiter=/&prefix=b/', [], ['b/c/']],
    ['?startOffset=b&endOffset=c', ['b/c/1', 'b/c/2'], undefined],
    ['?prefix=nothing', [], undefined],
  ])('%s', async (query, items, prefixes) => {
    const answer = await list(query);
    expect(names(answer)).toEqual(items);
    expect(answer.json.prefixes).toEqual(prefixes);
  });

  test('comes in pages that count folders too', async () => {
    const seen: string[] = [];
    let token = '';
    let pages = 0;
    do {
      const { json } = await list(`?delimiter=/&maxResults=2&pageToken=${token}`);
      seen.push(
        ...((json.items ?? []) as { name: string }[]).map(({ name }) => name),
        ...((json.prefixes ?? []) as string[]),
      );
      token = (json.nextPageToken as string | undefined) ?? '';
      pages += 1;
    } while (token !== '');
    expect(pages).toBe(3);
    expect(seen.sort()).toEqual(['a', 'a/', 'b/', 'c', '\uFF5E', '\u{1F680}'].sort());
  });

  test.each(['?pageToken=nonsense', '?maxResults=-1'])('refuses %s', async (query) => {
    expect((await list(query)).status).toBe(400);
  });
});

test('with versioning, replaced and deleted objects stay readable by their generation', async () => {
  await cloud.call('PATCH', base, { versioning: { enabled: true } });
  const first = generationOf(await cloud.upload('a', 'one'));
  const second = generationOf(await cloud.upload('a', 'two'));
  await cloud.call('DELETE', `${base}/o/a`);
  expect((await cloud.read('a')).status).toBe(404);
  expect(names(await cloud.call('GET', `${base}/o`))).toEqual([]);
  const { json } = await cloud.call('GET', `${base}/o?versions=True`);
  expect(
    (json.items as { generation: string; timeDeleted: string }[]).map(({ generation }) => generation),
  ).toEqual([first, second]);
  expect(cloud.objects.get(bucket, 'a', first).toString()).toBe('one');
  expect((await cloud.upload('a', 'three', '&ifGenerationMatch=0')).status).toBe(200);
  for (const generation of [first, second])
    await cloud.call('DELETE', `${base}/o/a?generation=${generation}`);
  expect(readdirSync(path.join(cloud.stateFolder, 'storage', 'content'))).toHaveLength(1);
});

describe('downloads', () => {
  test.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['lines=1', 200, '0123456789', null],
  ])('range %s', async (range, status, text, contentRange) => {
    await cloud.upload('a', '0123456789');
    const answer = await cloud.download('a', { range });
    expect([answer.status, answer.text, answer.headers.get('content-range')]).toEqual([
      status,
      text,
      contentRange,
    ]);
  });

  test('a range beyond the end is refused', async () => {
    await cloud.upload('a', '0123456789');
    expect((await cloud.download('a', { range: 'bytes=10-' })).status).toBe(416);
  });

  test('an empty object is empty', async () => {
    await cloud.upload('a', '');
    expect(await cloud.download('a')).toMatchObject({ status: 200, text: '' });
  });

  test.each(['storage.googleapis.com', 'storage.cloud.google.com'])(
    'as a browser does at %s',
    async (host) => {
      cloud.objects.put(bucket, 'logs/build 1.html', Buffer.from('<p>hi</p>'), 'text/html; charset=utf-8');
      const answer = await cloud.call('GET', `/${host}/${bucket}/logs/build%201.html`);
      expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([
        200,
        '<p>hi</p>',
        'text/html; charset=utf-8',
      ]);
      const missing = await cloud.call('GET', `/${host}/${bucket}/none`);
      expect([missing.status, missing.text.includes('NoSuchKey')]).toEqual([404, true]);
    },
  );
});

describe('objects out of objects', () => {
  test('rewrite and copy keep content and settings, and obey preconditions', async () => {
    const generation = generationOf(await cloud.upload('a/1', 'content'));
    const to = `rewriteTo/b/${bucket}/o/b%2F1`;
    const rewritten = await cloud.call(
      'POST',
      `${base}/o/a%2F1/${to}?ifGenerationMatch=0&ifSourceGenerationMatch=${generation}`,
      {},
    );
    expect(rewritten.json).toMatchObject({
      done: true,
      objectSize: '7',
      resource: { name: 'b/1', contentType: 'application/json' },
    });
    expect((await cloud.call('POST', `${base}/o/a%2F1/${to}?ifGenerationMatch=0`, {})).status).toBe(412);
    expect((await cloud.call('POST', `${base}/o/a%2F1/${to}?ifSourceGenerationMatch=1`, {})).status).toBe(
      412,
    );
    await cloud.call('DELETE', `${base}/o/a%2F1`);
    expect((await cloud.download('b/1')).text).toBe('content');
  });

  test('compose joins', async () => {
    await cloud.upload('1', 'one,');
    await cloud.upload('2', 'two');
    const answer = await cloud.call('POST', `${base}/o/both/compose`, {
      sourceObjects: [{ name: '1' }, { name: '2' }],
      destination: { contentType: 'text/plain' },
    });
    expect(answer.json).toMatchObject({ componentCount: 2, contentType: 'text/plain', size: '7' });
    expect(answer.json).not.toHaveProperty('md5Hash');
    expect((await cloud.download('both')).text).toBe('one,two');
  });
});

test('with the rate limit, a second write within a second is told to wait', async () => {
  await cloud.close();
  cloud = await storageCloud({ clock, rateLimit: true });
  await makeBucket(cloud);
  await cloud.upload('a', '1');
  const refused = await cloud.upload('a', '2');
  expect([refused.status, reason(refused)]).toEqual([429, 'rateLimitExceeded']);
  expect((await cloud.upload('b', '1')).status).toBe(200);
  clock.advance(1000);
  expect((await cloud.upload('a', '2')).status).toBe(200);
});

describe('the link to other rooms', () => {
  test('stores and reads', async () => {
    const { generation } = cloud.objects.put(bucket, 'logs/x.txt', Buffer.from('log'), 'text/plain');
    expect(cloud.objects.get(bucket, 'logs/x.txt', generation).toString()).toBe('log');
    expect((await cloud.read('logs/x.txt')).json).toMatchObject({ generation, contentType: 'text/plain' });
  });

  test.each([
    ['put', () => cloud.objects.put('nowhere', 'a', Buffer.from(''), 'text/plain')],
    ['get', () => cloud.objects.get('nowhere', 'a')],
    ['get an object', () => cloud.objects.get(bucket, 'none')],
  ])('%s answers NOT_FOUND', (_name, act) => {
    expect(act).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });
});

describe('after a kill', () => {
  const content = (): string => path.join(cloud.stateFolder, 'storage', 'content');

  test('content that no object names is tidied away, objects are as they were', async () => {
    await cloud.upload('a', 'kept');
    writeFileSync(path.join(content(), '1-1.tmp'), 'half');
    writeFileSync(path.join(content(), '99'), 'renamed, but its row was never written');
    await cloud.close({ keepState: true });
    cloud = await storageCloud({ clock, stateFolder: cloud.stateFolder });
    expect((await cloud.download('a')).text).toBe('kept');
    expect(readdirSync(content())).toHaveLength(1);
  });

  test('a replaced object whose old content was not yet removed has the new content', async () => {
    const first = generationOf(await cloud.upload('a', 'old'));
    await cloud.upload('a', 'new');
    writeFileSync(path.join(content(), first), 'old');
    await cloud.close({ keepState: true });
    cloud = await storageCloud({ clock, stateFolder: cloud.stateFolder });
    expect((await cloud.download('a')).text).toBe('new');
    expect(readdirSync(content())).toHaveLength(1);
    rmSync(path.join(content(), 'x'), { force: true });
  });
});
