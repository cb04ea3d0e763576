import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sendThroughFreeze, wasFrozen } from '../../src/through-freeze.ts';

const timeoutMs = 5000;
const elapsed: readonly [elapsedMs: number, frozen: boolean][] = [
  [0, false],
  [5000, false],
  [5499, false],
  [5500, true],
  [600_000, true],
];

describe('wasFrozen', () => {
  for (const [elapsedMs, frozen] of elapsed)
    test(`${elapsedMs} ms of ${timeoutMs}`, () => assert.equal(wasFrozen(elapsedMs, timeoutMs), frozen));
});

/** Sends that fail, each after so long; `stopBefore` the end of that one the process stops. */
async function sends(elapsedMs: readonly number[], stopBefore?: number) {
  let time = 0;
  const signals: AbortSignal[] = [];
  const stop = new AbortController();
  const outcome = await sendThroughFreeze(
    { timeoutMs, stopped: stop.signal, now: () => time },
    async (signal) => {
      const took = elapsedMs[signals.length];
      signals.push(signal);
      if (took === undefined) return 'sent';
      time += took;
      if (signals.length === stopBefore) stop.abort();
      throw new Error(`failed ${signals.length}`);
    },
  ).catch((error: unknown) => String(error));
  return { outcome, times: signals.length, newSignals: new Set(signals).size };
}

describe('sendThroughFreeze', () => {
  test('what arrives is sent once', async () => {
    assert.deepEqual(await sends([]), { outcome: 'sent', times: 1, newSignals: 1 });
  });

  test('what fails within its time is not sent again', async () => {
    assert.deepEqual(await sends([5010]), { outcome: 'Error: failed 1', times: 1, newSignals: 1 });
  });

  test('what fails after a freeze is sent again, with time of its own', async () => {
    assert.deepEqual(await sends([60_000]), { outcome: 'sent', times: 2, newSignals: 2 });
  });

  test('once', async () => {
    assert.deepEqual(await sends([60_000, 60_000]), { outcome: 'Error: failed 2', times: 2, newSignals: 2 });
  });

  test('not at the end', async () => {
    assert.deepEqual(await sends([60_000], 1), { outcome: 'Error: failed 1', times: 1, newSignals: 1 });
  });
});
