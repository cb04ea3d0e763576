import { describe, expect, test } from '@jest/globals';
import { createFaultPlanner, faultSettingsSchema, type Faults } from '../../../local/pubsub/fault-plan.ts';
import type { PubsubMessage } from '../../../local/pubsub/resources.ts';

const message = (messageId: number): PubsubMessage => ({ messageId: String(messageId), publishTime: '' });
const plans = (faults: Faults, subscription: string, count = 200): unknown[] => {
  const plan = createFaultPlanner(faults);
  return Array.from({ length: count }, (_, index) => plan(subscription, message(index)));
};

describe('createFaultPlanner', () => {
  const faults: Faults = { seed: 7, duplicate: 0.3, delayMs: [10, 500], reorder: 0.2, drop: 0.1 };

  test('the same seed gives the same fates, another seed others', () => {
    expect(plans(faults, 'a')).toEqual(plans(faults, 'a'));
    expect(plans({ ...faults, seed: 8 }, 'a')).not.toEqual(plans(faults, 'a'));
  });

  test('subscriptions do not disturb one another', () => {
    const plan = createFaultPlanner(faults);
    const interleaved = Array.from({ length: 200 }, (_, index) => {
      plan('b', message(index));
      return plan('a', message(index));
    });
    expect(interleaved).toEqual(plans(faults, 'a'));
    expect(plans(faults, 'b')).not.toEqual(plans(faults, 'a'));
  });

  test('a raised probability only adds faults', () => {
    const plan = createFaultPlanner({ seed: 7, drop: 0.1 });
    const more = createFaultPlanner({ seed: 7, drop: 0.4, duplicate: 1 });
    for (let index = 0; index < 200; index += 1) {
      const few = plan('a', message(index)).drop;
      const many = more('a', message(index)).drop;
      expect(few && !many).toBe(false);
    }
  });

  test.each([
    ['drop', { seed: 1, drop: 0.25 }, (plan: { drop: boolean }) => plan.drop],
    ['duplicate', { seed: 1, duplicate: 0.25 }, (plan: { copies: number }) => plan.copies === 2],
    ['reorder', { seed: 1, reorder: 0.25 }, (plan: { overtaken: boolean }) => plan.overtaken],
  ])('%s happens as often as asked', (_name, given, hit) => {
    const count = plans(given, 'a', 4000).filter((plan) => hit(plan as never)).length;
    expect(count / 4000).toBeCloseTo(0.25, 1);
  });

  test('delays stay within their bounds, dropMatching picks its messages', () => {
    for (const plan of plans(faults, 'a') as { delayMs: number }[]) {
      expect(plan.delayMs).toBeGreaterThanOrEqual(10);
      expect(plan.delayMs).toBeLessThanOrEqual(500);
    }
    const picky = createFaultPlanner({
      seed: 1,
      dropMatching: (name, { messageId }) => name === 'a' && messageId === '3',
    });
    expect([picky('a', message(3)).drop, picky('a', message(4)).drop, picky('b', message(3)).drop]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

test.each([
  [{}],
  [{ seed: 1.5 }],
  [{ seed: 1, drop: 2 }],
  [{ seed: 1, delayMs: [5, 1] }],
  [{ seed: 1, lose: 0.5 }],
])('faultSettingsSchema refuses %j', (given) => {
  expect(faultSettingsSchema.safeParse(given).success).toBe(false);
});
