import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createDoorbell } from '../../src/client/doorbell.ts';

async function isSettled(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol('pending');
  await Promise.resolve();
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe('createDoorbell', () => {
  test('rings while nobody waits are heard once', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const doorbell = createDoorbell();
    doorbell.ring();
    doorbell.ring();
    await doorbell.wait(1000);
    assert.equal(await isSettled(doorbell.wait(1000)), false);
  });

  test('a ring ends the wait', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const doorbell = createDoorbell();
    const waiting = doorbell.wait(1000);
    assert.equal(await isSettled(waiting), false);
    doorbell.ring();
    assert.equal(await isSettled(waiting), true);
  });

  test('so does the timeout, and not before', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const waiting = createDoorbell().wait(1000);
    t.mock.timers.tick(999);
    assert.equal(await isSettled(waiting), false);
    t.mock.timers.tick(1);
    assert.equal(await isSettled(waiting), true);
  });
});
