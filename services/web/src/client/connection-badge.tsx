import type { Connection } from './board.ts';

const labels: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  polling: 'Delayed',
  offline: 'Offline',
};

/** Says in a word how new messages come. */
export function ConnectionBadge({ connection }: { readonly connection: Connection }) {
  return (
    <p class={`badge badge-${connection}`} role="status">
      <span class="dot" aria-hidden="true" />
      {labels[connection]}
    </p>
  );
}

const notices: Readonly<Partial<Record<Connection, string>>> = {
  polling: 'Live updates are not available right now. New messages show up every few seconds instead.',
  offline: 'The board cannot be reached. This page keeps trying.',
};

/** Explains what a reader has to expect, when it is not the usual. */
export function ConnectionNotice({ connection }: { readonly connection: Connection }) {
  const notice = notices[connection];
  return notice === undefined ? null : <p class={`notice notice-${connection}`}>{notice}</p>;
}
