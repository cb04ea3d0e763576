import type { PostResult } from './board-api.ts';
import { connectionOf } from './board.ts';
import type { Board } from './board.ts';
import { Composer } from './composer.tsx';
import { ConnectionBadge, ConnectionNotice } from './connection-badge.tsx';
import { MessageList } from './message-list.tsx';

export interface AppProps {
  readonly board: Board;
  readonly now: Date;
  readonly commit: string | undefined;
  readonly initialAuthor: string;
  readonly onPost: (author: string, text: string) => Promise<PostResult>;
}

/** The whole page. */
export function App({ board, now, commit, initialAuthor, onPost }: AppProps) {
  const connection = connectionOf(board);
  const newest = board.messages.at(-1);
  const announced = newest && newest.id > board.loadedUpTo ? `${newest.author} wrote: ${newest.text}` : '';
  return (
    <>
      <header class="header">
        <div class="bar">
          <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
            <path d="M7 5h18a4 4 0 0 1 4 4v10a4 4 0 0 1-4 4h-8l-7 5.5V23H7a4 4 0 0 1-4-4V9a4 4 0 0 1 4-4Z" />
            <path class="lines" d="M9 11.5h14M9 16.5h9" />
          </svg>
          <h1>Message board</h1>
          <ConnectionBadge connection={connection} />
        </div>
      </header>
      <main>
        <ConnectionNotice connection={connection} />
        <Composer initialAuthor={initialAuthor} onPost={onPost} />
        <MessageList board={board} now={now} />
        <p class="visually-hidden" aria-live="polite">
          {announced}
        </p>
      </main>
      {commit === undefined ? null : <footer>Version {commit.slice(0, 7)}</footer>}
    </>
  );
}
