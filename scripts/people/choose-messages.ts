import { refused } from './intent.ts';
import type { ParkedMessage } from './parked-message.ts';

export interface Chosen {
  readonly kind: 'chosen';
  readonly messages: readonly ParkedMessage[];
  /** Left where they are although all were meant: nothing says where they came from. */
  readonly stuck: readonly ParkedMessage[];
}

/** The messages that are meant by their ids, or all of them. `discard`: they need not be possible to put back. */
export function chooseMessages(
  all: readonly ParkedMessage[],
  ids: readonly string[],
  discard: boolean,
): Chosen | { readonly kind: 'refused'; readonly reason: string } {
  const unknown = ids.filter((id) => !all.some((message) => message.id === id));
  if (unknown.length > 0)
    return refused(
      `nothing lies there with the id ${unknown.join(', ')}; npm run replay -- --list shows what does`,
    );
  const meant = ids.length === 0 ? all : all.filter(({ id }) => ids.includes(id));
  if (discard) {
    return ids.length === 0
      ? refused('--discard takes messages away for good: name each by its id')
      : { kind: 'chosen', messages: meant, stuck: [] };
  }
  return {
    kind: 'chosen',
    messages: meant.filter(({ topic }) => topic !== undefined),
    stuck: meant.filter(({ topic }) => topic === undefined),
  };
}
