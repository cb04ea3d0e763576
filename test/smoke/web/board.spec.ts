import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test } from './board-test.ts';

test('what answers is the revision that is to be looked at', async ({ reader, settings }) => {
  test.skip(settings.revision === undefined, 'no revision is asked for: SMOKE_REVISION is not set');
  // Not with the fixture `request`: when that fails it prints its headers, and there may be a token among them.
  const answer = await reader.page.goto('/');
  expect(answer?.status()).toBe(200);
  expect(answer?.headers()['x-revision']).toBe(settings.revision);
});

test('a message that one browser writes comes to another through streaming, and survives a reload', async ({
  reader,
  writer,
  text,
}) => {
  await Promise.all([reader.open(), writer.open()]);
  await expect(reader.connection).toHaveText('Live');
  await writer.write(text);
  await expect(writer.message(text)).toHaveCount(1);
  await expect(reader.message(text)).toHaveCount(1);
  // The page asks the api now and then as well: only the frame tells that streaming did its part.
  expect(reader.frames.filter((frame) => frame.includes(text))).toHaveLength(1);

  await reader.page.reload();
  await expect(reader.message(text)).toHaveCount(1);
  expect([...reader.errors, ...writer.errors]).toEqual([]);
});

test('without streaming the board says so, and still takes and shows messages', async ({
  reader,
  writer,
  text,
}) => {
  await reader.page.routeWebSocket(/.*/, (socket) => socket.close());
  await Promise.all([reader.open(), writer.open()]);
  await expect(reader.connection).toHaveText('Delayed');
  await expect(reader.page.getByText('Live updates are not available right now.')).toBeVisible();

  await reader.write(`${text} (without streaming)`);
  await expect(reader.message(`${text} (without streaming)`)).toHaveCount(1);
  await expect(reader.page.getByLabel('Message', { exact: true })).toHaveValue('');

  await writer.write(`${text} (with streaming)`);
  await expect(reader.message(`${text} (with streaming)`)).toHaveCount(1);
  expect(reader.frames).toEqual([]);
  expect(reader.errors).toEqual([]);
});

test('a message without a text is not posted, and the page says what is missing', async ({ reader }) => {
  await reader.open();
  await reader.write('');
  await expect(reader.page.getByRole('alert')).toHaveText('Please write a message first.');
  await expect(reader.page.getByLabel('Message', { exact: true })).toBeFocused();
});

for (const colorScheme of ['light', 'dark'] as const)
  test(`nothing keeps people from using the ${colorScheme} page (axe: serious, critical)`, async ({
    reader,
    text,
  }) => {
    await reader.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await reader.open();
    // An empty board has little to find fault with.
    await reader.write(text);
    await expect(reader.message(text)).toHaveCount(1);
    expect(await barriers(reader.page)).toEqual([]);
  });

/** The rules that the page breaks so that somebody is kept out, a line each: https://github.com/dequelabs/axe-core */
async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, help, nodes }) => {
      const places = nodes.map(({ target }) => target.join(' '));
      return `${impact ?? ''} ${id}: ${help}; ${places.length} times, as in ${places.slice(0, 3).join(', ')}`;
    });
}
