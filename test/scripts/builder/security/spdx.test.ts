import { describe, expect, test } from '@jest/globals';
import { isAllowed, licenceText, parseLicence } from '../../../../scripts/builder/security/spdx.ts';

const allow = ['MIT', 'Apache-2.0', 'GPL-2.0-only WITH Classpath-exception-2.0'];

describe('licence expressions', () => {
  test.each([
    ['MIT', true],
    ['mit', true],
    ['GPL-3.0-only', false],
    ['(MIT)', true],
    ['MIT OR GPL-3.0-only', true],
    ['GPL-3.0-only OR MIT', true],
    ['MIT AND GPL-3.0-only', false],
    ['MIT AND Apache-2.0', true],
    ['GPL-3.0-only AND MIT OR Apache-2.0', true],
    ['GPL-3.0-only AND (MIT OR Apache-2.0)', false],
    ['(MIT OR GPL-3.0-only) AND Apache-2.0', true],
    ['GPL-2.0-only WITH Classpath-exception-2.0', true],
    ['GPL-2.0-only', false],
    ['Apache-2.0 WITH LLVM-exception', false],
    ['MIT+', false],
    ['LicenseRef-ours', false],
  ])('%s', (text, expected) => {
    const expression = parseLicence(text);
    expect(expression && isAllowed(expression, allow)).toBe(expected);
  });

  test.each([
    '',
    'SEE LICENSE IN LICENSE.md',
    'MIT OR',
    'OR MIT',
    '(MIT',
    'MIT)',
    'MIT Apache-2.0',
    'MIT/X11',
    'MIT WITH',
  ])('%j is none', (text) => {
    expect(parseLicence(text)).toBeUndefined();
  });
});

describe('licenceText', () => {
  test.each([
    [{ license: ' MIT ' }, 'MIT'],
    [{ license: { type: 'MIT', url: 'https://acme.test' } }, 'MIT'],
    [{ licenses: [{ type: 'MIT' }, { type: 'Apache-2.0' }] }, '(MIT) OR (Apache-2.0)'],
    [{ license: ['MIT', 'ISC'] }, '(MIT) OR (ISC)'],
    [{}, undefined],
    [{ license: '' }, undefined],
    [{ license: 7 }, undefined],
  ])('%j', (manifest, expected) => {
    expect(licenceText(manifest)).toBe(expected);
  });
});
