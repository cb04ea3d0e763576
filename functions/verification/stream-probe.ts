import { setTimeout } from 'node:timers/promises';
import type { StreamProbe } from '../release/policy.ts';
import type { Probe } from '../release/release.ts';
import {
  addressOf,
  headFault,
  probeHeaders,
  seenOf,
  type Finding,
  type ProbeTarget,
} from './probe-answer.ts';
import { failureOf } from './probe-failure.ts';
import { openSse } from './probe-sse.ts';
import { openWebSocket } from './probe-websocket.ts';
import type { StreamConnection } from './stream-connection.ts';
import { WebSocketProtocolError } from './websocket-frames.ts';

const openStatus = { sse: 200, websocket: 101 } as const;

function open(target: ProbeTarget, stream: StreamProbe, signal: AbortSignal): Promise<StreamConnection> {
  const [url, headers] = [addressOf(target, stream.path), probeHeaders(target)];
  return stream.protocol === 'sse'
    ? openSse(url, headers, signal)
    : openWebSocket(url, headers, stream.send, signal);
}

interface Ended {
  readonly ended: string;
  readonly valid: boolean;
}

/** The next message, or how the connection ended before. */
async function nextOf(messages: StreamConnection['messages']): Promise<Ended | 'message'> {
  try {
    const next = await messages.next();
    return next.done === true ? { ended: next.value, valid: true } : 'message';
  } catch (error) {
    return { ended: 'broke off', valid: !(error instanceof WebSocketProtocolError) };
  }
}

async function endOf(messages: StreamConnection['messages']): Promise<Ended> {
  for (;;) {
    const next = await nextOf(messages);
    if (next !== 'message') return next;
  }
}

const closedEarly = ({ ended, valid }: Ended, when: string): Pick<Finding, 'outcome' | 'detail'> =>
  valid
    ? { outcome: 'closed-early', detail: `${ended} ${when}` }
    : { outcome: 'wrong-answer', detail: 'does not keep to the WebSocket protocol' };

/** `onFirst` is called when the first message is there. */
async function watch(
  target: ProbeTarget,
  stream: StreamProbe,
  signal: AbortSignal,
  onFirst: () => void,
): Promise<Finding> {
  const { firstMessageSeconds, openSeconds } = stream;
  const late = setTimeout(firstMessageSeconds * 1000, 'late' as const, { signal });
  const connection = await Promise.race([open(target, stream, signal), late]);
  // Many servers send their headers together with the first event: one time limit for both.
  if (connection === 'late')
    return { outcome: 'timeout', detail: `did not open within ${firstMessageSeconds} s` };
  const { head, fault, messages } = connection;
  const refusal = headFault(head, target, openStatus[stream.protocol]);
  if (refusal) return refusal;
  const seen = seenOf(head);
  if (fault !== undefined) return { outcome: 'wrong-answer', ...seen, detail: `opened, but ${fault}` };
  const first = await Promise.race([nextOf(messages), late]);
  if (first === 'late')
    return { outcome: 'timeout', ...seen, detail: `sent no message within ${firstMessageSeconds} s` };
  if (first !== 'message') return { ...seen, ...closedEarly(first, 'before its first message') };
  onFirst();
  const longEnough = setTimeout(openSeconds * 1000, 'open' as const, { signal });
  const end = await Promise.race([longEnough, endOf(messages)]);
  if (end === 'open') return { outcome: 'ok', ...seen };
  return { ...seen, ...closedEarly(end, `instead of staying open for ${openSeconds} s`) };
}

/**
 * Opens the connection, waits for its first message and whether it stays open, and closes it. The latency is that of the
 * first message: how long a connection lasts says nothing about how fast it is. Never throws.
 */
export async function probeStream(
  target: ProbeTarget,
  stream: StreamProbe,
  now: () => Date,
  stopped?: AbortSignal,
): Promise<Omit<Probe, 'check'>> {
  const started = now();
  const over = new AbortController();
  const signal = stopped ? AbortSignal.any([over.signal, stopped]) : over.signal;
  let first: Date | undefined;
  let finding: Finding;
  try {
    signal.throwIfAborted();
    finding = await watch(target, stream, signal, () => {
      first = now();
    });
  } catch (error) {
    finding = failureOf(error, stream.firstMessageSeconds);
  } finally {
    over.abort();
  }
  const latencyMs = (first ?? now()).getTime() - started.getTime();
  return { at: started.toISOString(), latencyMs, ...finding };
}
