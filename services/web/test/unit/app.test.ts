import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { App } from '../../src/client/app.tsx';
import { emptyBoard } from '../../src/client/board.ts';
import type { Board } from '../../src/client/board.ts';

const now = new Date(2026, 5, 15, 14, 30);
const at = (minutesAgo: number) => new Date(now.getTime() - minutesAgo * 60_000).toISOString();

const onPost = () => Promise.reject(new Error('nobody posts here'));

function render(board: Partial<Board>, commit?: string): string {
  return renderToString(
    h(App, { board: { ...emptyBoard, ...board }, now, commit, initialAuthor: 'Ada', onPost }),
  );
}

describe('App', () => {
  test('shows the newest message first, under its day', () => {
    const messages = [
      { id: 1, author: 'Ada', text: 'older', createdAt: at(26 * 60) },
      { id: 2, author: 'Grace', text: 'newer', createdAt: at(5) },
    ];
    const html = render({ messages, loaded: true, loadedUpTo: 2 });
    const order = ['>Today<', '>Grace<', '>newer<', '>Yesterday<', '>Ada<', '>older<'].map((text) =>
      html.indexOf(text),
    );
    assert.ok(!order.includes(-1), html);
    assert.deepEqual(
      order,
      order.toSorted((one, other) => one - other),
    );
  });

  test('shows what people write as text, never as markup', () => {
    const message = { id: 1, author: '<b>A</b>', text: '<img src=x onerror=alert(1)>', createdAt: at(1) };
    const html = render({ messages: [message], loaded: true });
    assert.doesNotMatch(html, /<img|<b>/);
    assert.match(html, /&lt;img src=x onerror=alert\(1\)>/);
  });

  test('announces what has come since the page was opened, and only that', () => {
    const message = { id: 5, author: 'Ada', text: 'hello', createdAt: at(1) };
    assert.match(render({ messages: [message], loadedUpTo: 4 }), /aria-live="polite">Ada wrote: hello</);
    assert.match(render({ messages: [message], loadedUpTo: 5 }), /aria-live="polite"><\/p>/);
  });

  test('an empty board and one that is still loading differ', () => {
    assert.match(render({ loaded: true }), /Nothing here yet/);
    assert.match(render({ loaded: false }), /Loading messages…/);
  });

  const states: readonly [string, Partial<Board>, string, RegExp | undefined][] = [
    ['connecting', {}, 'Connecting…', undefined],
    ['live', { stream: 'ready', api: 'ok' }, 'Live', undefined],
    ['polling', { stream: 'down', api: 'ok' }, 'Delayed', /Live updates are not available right now/],
    ['offline', { stream: 'down', api: 'failed' }, 'Offline', /The board cannot be reached/],
  ];
  for (const [name, board, label, notice] of states) {
    test(`${name}: says ${label}`, () => {
      const html = render(board);
      assert.match(html, new RegExp(`role="status"><span class="dot" aria-hidden="true"></span>${label}<`));
      if (notice) assert.match(html, notice);
      else assert.doesNotMatch(html, /class="notice/);
    });
  }

  test('the form starts with the name of last time', () =>
    assert.match(render({}), /<input[^>]* value="Ada"/));

  test('the version is shown when it is known', () => {
    assert.match(render({}, '3f9c2ab77e'), /<footer>Version 3f9c2ab</);
    assert.doesNotMatch(render({}), /<footer/);
  });
});
