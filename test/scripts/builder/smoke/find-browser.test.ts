import { describe, expect, test } from '@jest/globals';
import { findBrowser, type Browser } from '../../../../scripts/builder/smoke/find-browser.ts';

const chromium = '/usr/bin/chromium';
const chrome = '/usr/bin/google-chrome';
const image = '/ms-playwright';
const own = '/home/a/.cache/ms-playwright';
const macChrome = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

const find = (env: NodeJS.ProcessEnv, files: readonly string[]): Browser | undefined =>
  findBrowser({ env, home: '/home/a', exists: (file) => files.includes(file) });

describe('findBrowser', () => {
  test.each<[what: string, env: NodeJS.ProcessEnv, files: string[], found: Browser | undefined]>([
    ['nothing anywhere', { PATH: '/usr/bin' }, [], undefined],
    ['nothing, and no PATH', {}, [chromium], undefined],
    [
      'the one that is named, before all others',
      { CHROMIUM_PATH: '/opt/c', PLAYWRIGHT_BROWSERS_PATH: image, PATH: '/usr/bin' },
      ['/opt/c', image, chromium],
      { kind: 'machine', file: '/opt/c' },
    ],
    [
      "those of Playwright's image",
      { CHROMIUM_PATH: '', PLAYWRIGHT_BROWSERS_PATH: image, PATH: '/usr/bin' },
      [image, chromium],
      { kind: 'playwright', folder: image },
    ],
    [
      'PATH, where the folder of Playwright does not exist',
      { PLAYWRIGHT_BROWSERS_PATH: image, PATH: '/usr/bin' },
      [chromium],
      { kind: 'machine', file: chromium },
    ],
    [
      'PATH, where Playwright is told to keep browsers in its package',
      { PLAYWRIGHT_BROWSERS_PATH: '0', PATH: '/usr/bin' },
      ['0', chromium],
      { kind: 'machine', file: chromium },
    ],
    [
      'Chromium before Chrome, wherever they are on PATH',
      { PATH: '/usr/bin:relative:/snap/bin' },
      [chrome, '/snap/bin/chromium'],
      { kind: 'machine', file: '/snap/bin/chromium' },
    ],
    ['Chrome alone', { PATH: '/usr/bin' }, [chrome], { kind: 'machine', file: chrome }],
    ['Chrome of macOS', { PATH: '/usr/bin' }, [macChrome], { kind: 'machine', file: macChrome }],
    ['what `playwright install` left', { PATH: '/usr/bin' }, [own], { kind: 'playwright', folder: own }],
  ])('%s', (_what, env, files, found) => {
    expect(find(env, files)).toEqual(found);
  });

  test('one that is named and not there is a mistake, not a reason to take another', () => {
    expect(() => find({ CHROMIUM_PATH: '/opt/c', PATH: '/usr/bin' }, [chromium])).toThrow(
      'CHROMIUM_PATH names /opt/c',
    );
  });
});
