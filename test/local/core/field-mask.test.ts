import { expect, test } from '@jest/globals';
import { applyFieldMask } from '../../../local/core/field-mask.ts';

interface Thing {
  name: string;
  labels?: Record<string, string>;
  pushConfig?: { pushEndpoint?: string; audience?: string };
}
const thing: Thing = { name: 'n', labels: { a: '1' }, pushConfig: { pushEndpoint: 'old', audience: 'kept' } };
const mutable = ['labels', 'pushConfig'] as const;

test.each<[string, Partial<Thing>, Thing]>([
  ['labels', { name: 'other', labels: { b: '2' } }, { ...thing, labels: { b: '2' } }],
  ['labels', {}, { name: 'n', pushConfig: { pushEndpoint: 'old', audience: 'kept' } }],
  [
    'push_config.push_endpoint',
    { pushConfig: { pushEndpoint: 'new' } },
    { ...thing, pushConfig: { pushEndpoint: 'new', audience: 'kept' } },
  ],
  ['pushConfig,labels', { pushConfig: {}, labels: {} }, { name: 'n', pushConfig: {}, labels: {} }],
])('mask %s takes %j', (mask, update, expected) => {
  expect(applyFieldMask(thing, update, mask, mutable)).toEqual(expected);
  expect(thing.pushConfig).toEqual({ pushEndpoint: 'old', audience: 'kept' });
});

test.each(['', undefined, 'name', 'colour'])('mask %p is refused', (mask) => {
  expect(() => applyFieldMask(thing, {}, mask, mutable)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  );
});
