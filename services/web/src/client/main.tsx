import { render } from 'preact';
import { App } from './app.tsx';
import { recallAuthor, rememberAuthor } from './author-memory.ts';
import { backoffMs } from './backoff.ts';
import type { PostResult } from './board-api.ts';
import { emptyBoard } from './board.ts';
import { createLiveBoard } from './live-board.ts';
import { fetchSettings } from './settings.ts';
import type { Settings } from './settings.ts';

/** How often "5 min. ago" is brought up to date. */
const clockMs = 20_000;

async function main(root: Element): Promise<void> {
  let board = emptyBoard;
  const initialAuthor = recallAuthor();
  const settings = await persistentlyFetchSettings();
  const live = createLiveBoard(settings, (next) => {
    board = next;
    show();
  });

  async function onPost(author: string, text: string): Promise<PostResult> {
    const result = await live.post(author, text);
    if (result.ok) rememberAuthor(author);
    return result;
  }

  function show(): void {
    render(
      <App
        board={board}
        now={new Date()}
        commit={settings.commit}
        initialAuthor={initialAuthor}
        onPost={onPost}
      />,
      root,
    );
  }

  show();
  setInterval(show, clockMs);
  addEventListener('online', live.hurry);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') live.hurry();
  });
  await live.run(new AbortController().signal);
}

async function persistentlyFetchSettings(): Promise<Settings> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await fetchSettings();
    } catch (error) {
      // The server that the page came from is away; index.html still says that the board is loading.
      reportError(error);
      await new Promise((resolve) => {
        setTimeout(resolve, backoffMs(attempt));
      });
    }
  }
}

const root = document.querySelector('#board');
if (root) {
  root.replaceChildren();
  void main(root);
}
