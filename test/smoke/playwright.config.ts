import path from 'node:path';
import { defineConfig } from '@playwright/test';
import { readSettings } from './settings.ts';

const { baseUrl, token, reports, browser } = readSettings();

/** A folder a service: `--project web` runs what is in `web/`. A build waits for this, so every limit is a short one. */
export default defineConfig({
  projects: [{ name: 'web', testDir: './web' }],
  outputDir: path.join(reports, 'smoke'),
  // In a build there may be one core, and two readers of one board are open at a time as it is.
  workers: 1,
  forbidOnly: true,
  // A second try tells what the network did from what the page does; the summary names every test that needed it.
  retries: 1,
  timeout: 30_000,
  globalTimeout: 240_000,
  expect: { timeout: 8_000 },
  reporter: [
    ['list'],
    ['junit', { outputFile: path.join(reports, 'smoke.junit.xml') }],
    ['./markdown-reporter.ts', { outputFile: path.join(reports, 'smoke.md') }],
  ],
  use: {
    browserName: 'chromium',
    baseURL: baseUrl,
    locale: 'en-GB',
    actionTimeout: 8_000,
    navigationTimeout: 15_000,
    launchOptions: {
      // Connections that a browser makes for itself are nobody's business in a test, and fail where there is no network.
      args: [
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-quic',
      ],
      ...(browser === undefined ? {} : { executablePath: browser }),
    },
    screenshot: 'only-on-failure',
    // A trace holds the headers of every request; one with a token in it must not lie in a bucket.
    trace: token === undefined ? 'retain-on-failure' : 'off',
    // Filming takes the ffmpeg that comes with Playwright's own browsers, and without it no page opens at all.
    video: browser === undefined ? 'retain-on-failure' : 'off',
  },
});
