import { expect, test } from '@jest/globals';
import { withoutDefaults } from '../../../local/run/without-defaults.ts';

test.each<[string, object, object]>([
  ['scalars', { a: '', b: 0, c: false, d: '0', e: 'x' }, { e: 'x' }],
  ['lists', { a: [], b: ['', 'x'] }, { b: ['', 'x'] }],
  ['messages stay, they are set', { tcpSocket: {}, httpGet: { port: 0 } }, { tcpSocket: {}, httpGet: {} }],
  ['maps of texts', { labels: { a: '' }, annotations: {} }, { labels: { a: '' } }],
  ['enums', { ingress: 'INGRESS_TRAFFIC_UNSPECIFIED', type: 'X_LATEST' }, { type: 'X_LATEST' }],
  ['within lists', { traffic: [{ percent: 0, tag: 't' }] }, { traffic: [{ tag: 't' }] }],
])('%s', (_, message, expected) => {
  expect(withoutDefaults(message)).toEqual(expected);
});
