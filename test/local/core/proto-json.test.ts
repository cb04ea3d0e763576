import { expect, test } from '@jest/globals';
import protobuf from 'protobufjs';
import { normalise } from '../../../local/core/proto-json.ts';

const root = protobuf.parse(
  'syntax = "proto3"; package t; enum Kind { NONE = 0; FIRST = 1; } message M { Kind kind = 1; }',
).root;
root.resolveAll();
const type = root.lookupType('t.M');

test.each([
  ['by name', 'FIRST', 'FIRST'],
  ['by number', 1, 'FIRST'],
  ['by number in a query parameter', '1', 'FIRST'],
])('an enum %s becomes its name', (_, kind, name) => {
  expect(normalise(type, { kind })).toEqual({ kind: name });
});

test.each([['SECOND'], [7], ['7'], ['toString']])('%p is none of its values', (kind) => {
  expect(() => normalise(type, { kind })).toThrow(/Invalid value at 'kind' \(t\.Kind/);
});
