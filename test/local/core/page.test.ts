import { expect, test } from '@jest/globals';
import { pageOf } from '../../../local/core/page.ts';

const letters = ['a', 'b', 'c', 'd', 'e'];
const page = (
  request: { pageSize?: number; pageToken?: string },
  items = letters,
): ReturnType<typeof pageOf<string>> => pageOf(items, (item) => item, request);

test('pages follow one another to the end', () => {
  const first = page({ pageSize: 2 });
  const second = page({ pageSize: 2, pageToken: first.nextPageToken ?? '' });
  const third = page({ pageSize: 2, pageToken: second.nextPageToken ?? '' });
  expect([first.page, second.page, third]).toEqual([['a', 'b'], ['c', 'd'], { page: ['e'] }]);
});

test('what goes between two pages shifts nothing', () => {
  const { nextPageToken = '' } = page({ pageSize: 2 });
  expect(page({ pageSize: 2, pageToken: nextPageToken }, ['a', 'c', 'd', 'e']).page).toEqual(['c', 'd']);
});

test.each([[{}], [{ pageSize: 0 }], [{ pageSize: 5 }], [{ pageSize: 9999, pageToken: '' }]])(
  '%j is one page',
  (request) => {
    expect(page(request)).toEqual({ page: letters });
  },
);

test.each([[{ pageSize: -1 }], [{ pageToken: 'nonsense' }]])('%j is refused', (request) => {
  expect(() => page(request)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
});
