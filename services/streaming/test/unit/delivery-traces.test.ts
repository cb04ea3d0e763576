import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SpanStart } from 'slipway-telemetry/backend.ts';
import { createDeliveryTraces } from '../../src/delivery-traces.ts';

const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true };
const traceparent = `00-${trace.traceId}-${trace.spanId}-01`;
const delivery = { clients: 3, startMs: 1000, endMs: 1002 };

function record(on = true) {
  const spans: (SpanStart & { readonly endMs: number | undefined })[] = [];
  const traces = createDeliveryTraces({
    tracing: () => on,
    startSpan: (start) => ({ context: trace, end: ({ endMs }) => void spans.push({ ...start, endMs }) }),
  });
  return { traces, spans };
}

describe('createDeliveryTraces', () => {
  for (const [what, halves] of [
    ['announced, then delivered', ['announced', 'delivered']],
    ['delivered, then announced', ['delivered', 'announced']],
  ] as const) {
    test(`${what}: one span under the insertion`, () => {
      const { traces, spans } = record();
      for (const half of halves)
        if (half === 'announced') traces.announced(`7 ${traceparent}`);
        else traces.delivered(7, delivery);
      assert.equal(spans.length, 1);
      const [span] = spans;
      assert.deepEqual(span?.parent, trace);
      assert.deepEqual([span.startMs, span.endMs, span.attributes['board.clients']], [1000, 1002, 3]);
    });
  }

  for (const payload of [undefined, '', '7', '7 not-a-trace', `x ${traceparent}`]) {
    test(`a notification that tells no trace (${payload}): no span`, () => {
      const { traces, spans } = record();
      traces.announced(payload);
      traces.delivered(7, delivery);
      assert.deepEqual(spans, []);
    });
  }

  test('nothing is kept while nothing is traced', () => {
    const { traces, spans } = record(false);
    traces.announced(`7 ${traceparent}`);
    traces.delivered(7, delivery);
    assert.deepEqual(spans, []);
  });

  test('the oldest halves are forgotten', () => {
    const { traces, spans } = record();
    for (let id = 1; id <= 1001; id += 1) traces.announced(`${id} ${traceparent}`);
    traces.delivered(1, delivery);
    traces.delivered(2, delivery);
    assert.deepEqual(
      spans.map(({ attributes }) => attributes['messaging.message.id']),
      ['2'],
    );
  });
});
