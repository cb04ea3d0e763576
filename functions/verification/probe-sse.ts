import type { StreamConnection } from './stream-connection.ts';

/** Only how a line begins is looked at: of longer ones the rest is thrown away. */
const lineStartCharacters = 5;

/** https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
async function* events(body: AsyncIterable<Uint8Array> | null): AsyncGenerator<undefined, string> {
  const decoder = new TextDecoder();
  let rest = '';
  let hasData = false;
  for await (const chunk of body ?? []) {
    // A CR at the end of a chunk may be half of a CR LF.
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    const last = lines.pop() ?? '';
    rest =
      last.slice(0, lineStartCharacters) +
      (last.length > lineStartCharacters && last.endsWith('\r') ? '\r' : '');
    for (const line of lines) {
      if (/^data(?::|$)/.test(line)) hasData = true;
      if (line !== '' || !hasData) continue;
      hasData = false;
      yield undefined;
    }
  }
  return 'ended';
}

/** Asks for server-sent events. Throws what `fetch` throws; `signal` ends the connection. */
export async function openSse(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<StreamConnection> {
  const response = await fetch(url, {
    headers: { ...headers, accept: 'text/event-stream', 'cache-control': 'no-cache', connection: 'close' },
    redirect: 'manual',
    signal,
  });
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';', 1);
  const isEventStream = type.trim().toLowerCase() === 'text/event-stream';
  return {
    head: { status: response.status, revision: response.headers.get('x-revision') ?? undefined },
    fault: isEventStream ? undefined : 'its content-type is not text/event-stream',
    messages: events(response.body),
  };
}
