import { expect, test } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { reportBeforeEnd } from '../../functions/report-before-end.ts';

function tried() {
  const from = new EventEmitter();
  const happened: string[] = [];
  from.on('SIGTERM', (signal: unknown) => happened.push(`ended by ${String(signal)}`));
  from.on('uncaughtException', (error: unknown) => happened.push(`ended by ${String(error)}`));
  let sent = (): void => undefined;
  const sending = new Promise<void>((resolve) => (sent = resolve));
  reportBeforeEnd(
    {
      report: (error) => happened.push(`reported ${String(error)}`),
      stop(timeoutMs) {
        happened.push(`sending for at most ${timeoutMs} ms`);
        return sending;
      },
    },
    from,
  );
  return { from, happened, sent };
}

test('a signal ends the process when everything is sent, and once', async () => {
  const { from, happened, sent } = tried();
  from.emit('SIGTERM', 'SIGTERM');
  from.emit('SIGTERM', 'SIGTERM');
  await turn();
  expect(happened).toEqual(['sending for at most 2000 ms']);
  sent();
  await turn();
  expect(happened).toEqual(['sending for at most 2000 ms', 'ended by SIGTERM']);
});

test('what nobody caught is reported first', async () => {
  const { from, happened, sent } = tried();
  sent();
  from.emit('uncaughtException', new Error('lost'), 'uncaughtException');
  await turn();
  expect(happened).toEqual(['reported Error: lost', 'sending for at most 2000 ms', 'ended by Error: lost']);
});

test('where nobody listens the default stays: the process ends', () => {
  expect(tried().from.listenerCount('SIGINT')).toBe(0);
});
