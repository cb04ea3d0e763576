import { randomUUID } from 'node:crypto';
import { test as base, expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import { readSettings, type SmokeSettings } from '../settings.ts';

/** What every message of a run is signed with, so that those who read the board know what it is. */
const author = 'Smoke test';

/** The board in one browser, and what a person sees and does there. */
export interface BoardPage {
  readonly page: Page;
  /** Opens the page at its address, and waits until it has read the board. */
  open(): Promise<void>;
  write(text: string): Promise<void>;
  message(text: string): Locator;
  /** The word for how new messages come: `Live`, or `Delayed`. */
  readonly connection: Locator;
  /** What the console of this page has in red, and what no code has caught. */
  readonly errors: readonly string[];
  /** What streaming has sent to this page. */
  readonly frames: readonly string[];
}

interface BoardFixtures {
  /** A text that nobody has written before. */
  readonly text: string;
  /** One browser, and another one that shares nothing with it. */
  readonly reader: BoardPage;
  readonly writer: BoardPage;
}

export const test = base.extend<BoardFixtures, { settings: SmokeSettings }>({
  settings: [readSettings(), { scope: 'worker' }],

  text: ({ settings }, use) =>
    use(`Automatic check of ${settings.revision ?? new URL(settings.baseUrl).host}: ${randomUUID()}`),

  reader: async ({ context, page, settings }, use) => {
    await admit(context, settings);
    await use(boardPage(page));
  },

  writer: async ({ browser, settings }, use) => {
    const context = await browser.newContext();
    await admit(context, settings);
    await use(boardPage(await context.newPage()));
    await context.close();
  },
});

/** Lets the browser in where only accounts are. Only the page's own service gets the token: it is for no other. */
async function admit(context: BrowserContext, { token, baseUrl }: SmokeSettings): Promise<void> {
  if (token === undefined) return;
  const { origin } = new URL(baseUrl);
  await context.route(
    (url) => url.origin === origin,
    (route, request) =>
      route.continue({
        headers: { ...request.headers(), 'x-serverless-authorization': `Bearer ${token}` },
      }),
  );
}

function boardPage(page: Page): BoardPage {
  const errors: string[] = [];
  const frames: string[] = [];
  page.on('console', (message) => {
    const { url, lineNumber } = message.location();
    if (message.type() === 'error') errors.push(`${message.text()} (${url}:${lineNumber})`);
  });
  page.on('pageerror', (error) => {
    errors.push(error.stack ?? error.message);
  });
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      frames.push(payload.toString());
    });
  });
  const connection = page.getByRole('status');
  return {
    page,
    connection,
    errors,
    frames,
    async open() {
      await page.goto('/');
      // Until it has read the board, the page shows bones instead of messages.
      await expect(page.getByRole('form', { name: 'Write a message' })).toBeVisible();
      await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
    },
    async write(text) {
      await page.getByLabel('Your name').fill(author);
      await page.getByLabel('Message', { exact: true }).fill(text);
      await page.getByRole('button', { name: 'Post' }).click();
    },
    message: (text) => page.getByRole('listitem').filter({ hasText: text }),
  };
}
