import { describe, expect, test } from '@jest/globals';
import { compileFilter } from '../../../local/pubsub/filter.ts';

describe('compileFilter', () => {
  test.each([
    ['', {}, true],
    ['attributes:status', { status: 'x' }, true],
    ['attributes:status', {}, false],
    ['attributes:toString', {}, false],
    ['attributes.status = "FAILURE"', { status: 'FAILURE' }, true],
    ['attributes.status="FAILURE"', { status: 'SUCCESS' }, false],
    ['attributes.status != "FAILURE"', { status: 'SUCCESS' }, true],
    ['attributes.status != "FAILURE"', {}, true],
    ['attributes:"a.b/c"', { 'a.b/c': '1' }, true],
    ['attributes.build-id = "1"', { 'build-id': '1' }, true],
    ['attributes.quote = "say \\"hi\\""', { quote: 'say "hi"' }, true],
    ['hasPrefix(attributes.ref, "refs/heads/")', { ref: 'refs/heads/main' }, true],
    ['hasPrefix(attributes.ref, "refs/heads/")', { ref: 'refs/tags/v1' }, false],
    ['hasPrefix(attributes.ref, "refs/heads/")', {}, false],
    ['NOT attributes:a', {}, true],
    ['-attributes:a', { a: '' }, false],
    ['attributes:a AND NOT attributes.a = "1"', { a: '2' }, true],
    ['attributes:a AND NOT attributes.a = "1"', { a: '1' }, false],
    ['attributes.a = "1" OR attributes.a = "2" OR attributes.a = "3"', { a: '3' }, true],
    ['(attributes:a OR attributes:b) AND attributes:c', { b: '', c: '' }, true],
    ['(attributes:a OR attributes:b) AND attributes:c', { c: '' }, false],
    ['NOT (attributes:a OR attributes:b)', { b: '' }, false],
  ])('%s on %j: %s', (filter, attributes, passes) => {
    expect(compileFilter(filter)(attributes as unknown as Record<string, string>)).toBe(passes);
  });

  test.each([
    ['status = "x"', /'attributes' was expected/],
    ['attributes.status = FAILURE', /"string" was expected/],
    ['attributes.status > "1"', /position/],
    ['attributes:a AND attributes:b OR attributes:c', /parentheses/],
    ['(attributes:a', /'\)' was expected/],
    ['attributes:a attributes:b', /AND, OR or the end/],
    ['attributes.a = "\\x41"', /escape \\x/],
    ['attributes.', /name of an attribute/],
    [`attributes.a = "${'x'.repeat(256)}"`, /256 bytes/],
  ])('refuses %s', (filter, message) => {
    expect(() => compileFilter(filter)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(message) as unknown,
      }),
    );
  });
});
