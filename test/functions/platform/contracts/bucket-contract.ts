import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bucket } from '../../../../functions/platform/cloud-storage.ts';

/** A bucket that holds nothing, and how to be rid of it. */
export interface BucketSubject {
  readonly bucket: Bucket;
  close(): Promise<void>;
}

/** What every Bucket does, whatever is behind it. */
export function bucketContract(open: () => Promise<BucketSubject>): void {
  let subject: BucketSubject;
  let bucket: Bucket;
  beforeEach(async () => {
    subject = await open();
    bucket = subject.bucket;
  });
  afterEach(() => subject.close());

  const created = async (object: string, text = 'one'): Promise<string> => {
    const generation = await bucket.writeIf(object, text, '0');
    if (generation === undefined) throw new Error(`${object} exists already`);
    return generation;
  };

  describe('reading', () => {
    test('what is absent is undefined', async () => {
      expect(await bucket.read('releases/api/1.json')).toBeUndefined();
    });

    test('gives the text and the generation of the last write', async () => {
      await created('a/b.json', '{"größe":"ß"}');
      const first = await bucket.read('a/b.json');
      expect(first?.text).toBe('{"größe":"ß"}');
      const generation = await bucket.writeIf('a/b.json', 'two', first?.generation ?? '');
      expect(await bucket.read('a/b.json')).toEqual({ text: 'two', generation });
      expect(generation).not.toBe(first?.generation);
    });

    test('an empty object is not an absent one', async () => {
      await bucket.write('active/api', '', 'text/plain');
      expect((await bucket.read('active/api'))?.text).toBe('');
    });
  });

  describe('a conditional write', () => {
    test('to generation 0 creates once', async () => {
      await created('a');
      expect(await bucket.writeIf('a', 'two', '0')).toBeUndefined();
      expect((await bucket.read('a'))?.text).toBe('one');
    });

    test('of the same content as the winner has lost all the same', async () => {
      await created('lease', 'same');
      expect(await bucket.writeIf('lease', 'same', '0')).toBeUndefined();
    });

    test('to a stale generation changes nothing', async () => {
      const first = await created('a');
      await bucket.writeIf('a', 'two', first);
      expect(await bucket.writeIf('a', 'three', first)).toBeUndefined();
      expect((await bucket.read('a'))?.text).toBe('two');
    });

    test('to a generation of what has been deleted changes nothing', async () => {
      const first = await created('a');
      await bucket.remove('a', first);
      expect(await bucket.writeIf('a', 'two', first)).toBeUndefined();
      expect(await bucket.read('a')).toBeUndefined();
    });

    test('of many at once one wins', async () => {
      const contents = ['a', 'b', 'c', 'd', 'e'];
      const results = await Promise.all(contents.map((text) => bucket.writeIf('a', text, '0')));
      const winners = contents.filter((_, index) => results[index] !== undefined);
      expect(winners).toHaveLength(1);
      expect((await bucket.read('a'))?.text).toBe(winners[0]);
    });
  });

  test('an unconditional write replaces what is there, under a new generation', async () => {
    const first = await created('a');
    await bucket.write('a', 'two', 'text/plain');
    const second = await bucket.read('a');
    expect(second?.text).toBe('two');
    expect(second?.generation).not.toBe(first);
  });

  describe('removing', () => {
    test('another generation than the one that stands keeps it', async () => {
      const first = await created('a');
      await bucket.writeIf('a', 'two', first);
      await bucket.remove('a', first);
      expect((await bucket.read('a'))?.text).toBe('two');
    });

    test('the generation that stands removes it', async () => {
      await bucket.remove('a', await created('a'));
      expect(await bucket.read('a')).toBeUndefined();
    });

    test('without a generation removes whatever stands', async () => {
      await created('a');
      await bucket.remove('a');
      expect(await bucket.read('a')).toBeUndefined();
    });

    test.each([undefined, '17'])('what is absent already is fine (generation %s)', async (generation) => {
      await expect(bucket.remove('absent', generation)).resolves.toBeUndefined();
    });
  });

  test('lists the names below a prefix, in order', async () => {
    for (const object of ['active/b', 'active/a/2', 'releases/x', 'active/a/10', 'activ'])
      await bucket.write(object, '', 'text/plain');
    expect(await bucket.list('active/')).toEqual(['active/a/10', 'active/a/2', 'active/b']);
    expect(await bucket.list('nothing/')).toEqual([]);
  });
}
