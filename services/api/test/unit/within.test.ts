import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { within } from '../../src/within.ts';

describe('within', () => {
  test('in time: the value', async () =>
    assert.equal(await within(1000, Promise.resolve('value'), 'late'), 'value'));

  test('in time: the error', async () => {
    await assert.rejects(within(1000, Promise.reject(new Error('why')), 'late'), { message: 'why' });
  });

  test('too late: what was given for it, whatever comes of the promise after', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { promise, reject } = Promise.withResolvers<string>();
    const result = within(1000, promise, 'late');
    t.mock.timers.tick(1000);
    assert.equal(await result, 'late');
    reject(new Error('nobody waits for this'));
  });
});
