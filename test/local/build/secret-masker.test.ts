import { describe, expect, test } from '@jest/globals';
import { createSecretMasker, maskSecrets } from '../../../local/build/secret-masker.ts';

const secrets = { TOKEN: 's3cr3t-value', SHORT: 'abc', LONGER: 's3cr3t-value-and-more' };

describe('whole texts', () => {
  test.each([
    ['nothing here', 'nothing here'],
    ['a s3cr3t-value b', 'a [secret TOKEN] b'],
    ['s3cr3t-values3cr3t-value', '[secret TOKEN][secret TOKEN]'],
    ['s3cr3t-value-and-more', '[secret LONGER]'],
    ['s3cr3t-value-and-mor', '[secret TOKEN]-and-mor'],
    ['abc is too short to mask', 'abc is too short to mask'],
    [Buffer.from('s3cr3t-value').toString('base64'), '[secret TOKEN]'],
    ['s3cr3t-valu', 's3cr3t-valu'],
  ])('%s', (text, expected) => {
    expect(maskSecrets(secrets, text)).toBe(expected);
  });

  test('a value with a newline at its end is masked without it too', () => {
    expect(maskSecrets({ KEY: 'the-key\n' }, 'x the-key y')).toBe('x [secret KEY] y');
  });

  test('each long line of a key file is masked on its own', () => {
    const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nab\n-----END KEY-----\n';
    expect(maskSecrets({ KEY: key }, 'Step: MIIEvQIBADANBg, ab')).toBe('Step: [secret KEY], ab');
  });

  test('without secrets nothing is held back', () => {
    expect(createSecretMasker({}).push('text')).toBe('text');
  });
});

test('a secret is found wherever the chunks are cut', () => {
  const text = `one s3cr3t-value two s3cr3t-value-and-more three ${Buffer.from('s3cr3t-value').toString('base64')} s3cr3t`;
  const expected = maskSecrets(secrets, text);
  expect(expected).not.toContain('s3cr3t-');
  for (let first = 0; first <= text.length; first += 1) {
    for (const second of [first, first + 1, first + 5]) {
      const masker = createSecretMasker(secrets);
      const chunks = [text.slice(0, first), text.slice(first, second), text.slice(second)];
      expect(chunks.map((chunk) => masker.push(chunk)).join('') + masker.flush()).toBe(expected);
    }
  }
});

test('what cannot become a secret any more is given out at once', () => {
  const masker = createSecretMasker(secrets);
  expect(masker.push('line\ns3c')).toBe('line\n');
  expect(masker.push('ret')).toBe('s3cret');
});
