import path from 'node:path';

/** A browser for Playwright: its own, or one of this machine. */
export type Browser =
  | { readonly kind: 'playwright'; readonly folder: string }
  | { readonly kind: 'machine'; readonly file: string };

export interface Machine {
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly exists: (file: string) => boolean;
}

/** By what names Chromium and Chrome are installed on Linux. */
const commands = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const macApps = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
/** Where `playwright install` puts browsers: https://playwright.dev/docs/browsers#managing-browser-binaries */
const ownFolders = ['.cache/ms-playwright', 'Library/Caches/ms-playwright'];

/**
 * The browser to test with; undefined when there is none here. In this order: the one that CHROMIUM_PATH names, those of
 * PLAYWRIGHT_BROWSERS_PATH (Playwright's image sets it), one on PATH, one of macOS, those of `playwright install`.
 * Throws when there is nothing at CHROMIUM_PATH: whoever sets it does not mean another browser.
 */
export function findBrowser({ env, home, exists }: Machine): Browser | undefined {
  const { CHROMIUM_PATH: named = '', PLAYWRIGHT_BROWSERS_PATH: image = '', PATH = '' } = env;
  if (named !== '') {
    if (!exists(named))
      throw new Error(`CHROMIUM_PATH names ${named}, where there is no file; correct it or unset it`);
    return { kind: 'machine', file: named };
  }
  if (path.isAbsolute(image) && exists(image)) return { kind: 'playwright', folder: image };
  const folders = PATH.split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const file = [
    ...commands.flatMap((name) => folders.map((folder) => path.join(folder, name))),
    ...macApps,
  ].find(exists);
  if (file !== undefined) return { kind: 'machine', file };
  const folder = ownFolders.map((own) => path.join(home, own)).find(exists);
  return folder === undefined ? undefined : { kind: 'playwright', folder };
}
