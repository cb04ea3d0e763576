import { expect, test } from '@jest/globals';
import { chooseMessages } from '../../../scripts/people/choose-messages.ts';
import type { ParkedMessage } from '../../../scripts/people/parked-message.ts';

const message = (id: string, topic: string | undefined): ParkedMessage => ({
  id,
  where: 'quarantine',
  at: '',
  why: '',
  topic,
  data: Buffer.alloc(0),
  attributes: {},
  orderingKey: '',
});
const all = [message('1', 't'), message('2', undefined), message('3', 't')];

test.each<[string, string[], boolean, string[], string[]]>([
  ['all', [], false, ['1', '3'], ['2']],
  ['the named ones', ['3', '2'], false, ['3'], ['2']],
  ['the named ones, to discard', ['2', '3'], true, ['2', '3'], []],
])('%s', (_, ids, discard, messages, stuck) => {
  const chosen = chooseMessages(all, ids, discard);
  if (chosen.kind !== 'chosen') throw new Error(chosen.reason);
  expect([chosen.messages.map(({ id }) => id), chosen.stuck.map(({ id }) => id)]).toEqual([messages, stuck]);
});

test.each<[string, string[], boolean, RegExp]>([
  [
    'an id that is not there',
    ['1', '4'],
    false,
    /^nothing lies there with the id 4; npm run replay -- --list/,
  ],
  ['discarding everything at once', [], true, /name each by its id/],
])('%s is refused', (_, ids, discard, reason) => {
  expect(chooseMessages(all, ids, discard)).toEqual({
    kind: 'refused',
    reason: expect.stringMatching(reason) as unknown,
  });
});
