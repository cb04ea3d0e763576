import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatTraceparent, parseCloudTrace, parseTraceparent, traceOf } from '../../src/trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('parseTraceparent', () => {
  const good: readonly [string, boolean][] = [
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-00`, false],
    [`00-${traceId}-${spanId}-03`, true],
    [`cc-${traceId}-${spanId}-01-what-the-future-will-be-like`, true],
  ];
  for (const [text, sampled] of good)
    test(text, () => assert.deepEqual(parseTraceparent(text), { traceId, spanId, sampled }));

  const bad = [
    undefined,
    '',
    'garbage',
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\n`,
  ];
  for (const text of bad)
    test(`${JSON.stringify(text)}: none`, () => assert.equal(parseTraceparent(text), undefined));

  test('what is formatted can be parsed', () => {
    const trace = { traceId, spanId, sampled: true };
    assert.deepEqual(parseTraceparent(formatTraceparent(trace)), trace);
  });
});

describe('parseCloudTrace', () => {
  const good: readonly [string, string, boolean][] = [
    [`${traceId}/1;o=1`, '0000000000000001', true],
    [`${traceId}/18446744073709551615;o=0`, 'ffffffffffffffff', false],
    [`${traceId}/10`, '000000000000000a', false],
  ];
  for (const [text, span, sampled] of good)
    test(text, () => assert.deepEqual(parseCloudTrace(text), { traceId, spanId: span, sampled }));
  for (const text of ['', traceId, `${traceId}/0;o=1`, `${traceId}/18446744073709551616`, `${traceId}/x`])
    test(`${JSON.stringify(text)}: none`, () => assert.equal(parseCloudTrace(text), undefined));
});

test('traceparent goes before the older header', () => {
  const headers = { 'x-cloud-trace-context': `${'1'.repeat(32)}/1;o=1` };
  assert.equal(traceOf({})?.traceId, undefined);
  assert.equal(traceOf(headers)?.traceId, '1'.repeat(32));
  assert.equal(traceOf({ ...headers, traceparent: `00-${traceId}-${spanId}-01` })?.traceId, traceId);
});
