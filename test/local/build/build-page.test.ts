import { expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { buildPage } from '../../../local/build/build-page.ts';

type Shown = string | { href?: string; textContent?: string };

/** What the page's own script puts into the log, with as much of a browser as it uses. */
async function shownOf(chunks: readonly string[]): Promise<Shown[]> {
  const page = buildPage(
    { id: 'b', status: 'SUCCESS', createTime: '2026-01-01T00:00:00Z' } as Parameters<typeof buildPage>[0],
    '',
    'n',
  );
  const [, script = ''] = /<script nonce="n">([^]*)<\/script>/.exec(page) ?? [];
  const shown: Shown[] = [];
  const left = [...chunks];
  const read = async () => {
    const value = left.shift();
    return value === undefined ? { done: true } : { done: false, value };
  };
  const log = { append: (...parts: Shown[]) => void shown.push(...parts) };
  runInNewContext(script, {
    document: {
      body: { dataset: { build: 'b' }, scrollHeight: 1 },
      getElementById: () => log,
      createElement: () => ({}),
    },
    fetch: async (url: string) =>
      url.includes('/logs/')
        ? { body: { pipeThrough: () => ({ getReader: () => ({ read }) }) } }
        : { ok: true, text: async () => '', headers: { get: () => 'true' } },
    TextDecoderStream: Object,
    innerHeight: 1,
    scrollY: 1,
    scrollTo: () => undefined,
  });
  for (let turns = 0; turns < 20; turns += 1) await turn();
  return shown.filter((part) => part !== '');
}

test('web addresses in the log are links, also those that come in two pieces; nothing else is more than text', async () => {
  const link = (href: string): Shown => ({ href, textContent: href });
  expect(
    await shownOf([
      'one\nas a page: http://127.0.0.1:1/a/sum',
      'mary.md\njavascript:alert(1) <b>\nlast (https://example.com/z).',
    ]),
  ).toEqual([
    'one\n',
    'as a page: ',
    link('http://127.0.0.1:1/a/summary.md'),
    '\njavascript:alert(1) <b>\n',
    'last (',
    link('https://example.com/z'),
    ').',
  ]);
});
