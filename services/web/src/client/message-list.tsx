import { hueOf, initialsOf } from './author-look.ts';
import type { Board } from './board.ts';
import type { Message } from './message.ts';
import { ageText, dayText } from './time-text.ts';

interface ListProps {
  readonly board: Board;
  readonly now: Date;
}

/** The messages, newest first, under a heading a day. */
export function MessageList({ board, now }: ListProps) {
  if (board.messages.length === 0) return board.loaded ? <EmptyBoard /> : <LoadingBoard />;
  const days = Object.entries(
    Object.groupBy(board.messages.toReversed(), ({ createdAt }) => dayText(new Date(createdAt), now)),
  );
  return (
    <>
      {days.map(([day, messages = []]) => (
        <section key={day} aria-label={day}>
          <h2 class="day">{day}</h2>
          <ol class="messages">
            {messages.map((message) => (
              <MessageItem
                key={message.id}
                message={message}
                now={now}
                isNew={message.id > board.loadedUpTo}
              />
            ))}
          </ol>
        </section>
      ))}
    </>
  );
}

function MessageItem({
  message,
  now,
  isNew,
}: {
  readonly message: Message;
  readonly now: Date;
  readonly isNew: boolean;
}) {
  const { author, text, createdAt } = message;
  const created = new Date(createdAt);
  return (
    <li class={isNew ? 'message message-new' : 'message'}>
      <span class={`avatar hue-${hueOf(author)}`} aria-hidden="true">
        {initialsOf(author)}
      </span>
      <div class="content">
        <p class="meta">
          <strong class="author">{author}</strong>
          <time dateTime={createdAt} title={created.toLocaleString()}>
            {ageText(created, now)}
          </time>
        </p>
        <p class="text">{text}</p>
      </div>
    </li>
  );
}

function EmptyBoard() {
  return (
    <div class="empty">
      <p class="empty-title">Nothing here yet</p>
      <p>Write the first message: everybody who has this page open sees it at once.</p>
    </div>
  );
}

function LoadingBoard() {
  return (
    <div class="loading" aria-busy="true">
      <p class="visually-hidden">Loading messages…</p>
      <div class="bone" />
      <div class="bone" />
      <div class="bone" />
    </div>
  );
}
