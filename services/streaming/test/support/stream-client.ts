import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Frame } from '../../src/message.ts';
import type { Service } from './service.ts';

export interface StreamClient {
  readonly socket: WebSocket;
  readonly frames: readonly Frame[];
  /** The texts of the messages received so far. */
  readonly texts: () => readonly string[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** Connects a real client; `query` is such as `?after=5`. */
export async function connectClient({ url }: Pick<Service, 'url'>, query = ''): Promise<StreamClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/stream${query}`);
  const frames: Frame[] = [];
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(socket, 'open');
  return {
    socket,
    frames,
    texts: () => frames.filter((frame) => frame.type === 'message').map(({ text }) => text),
    closed,
  };
}

/** Tries to connect. Returns the status and the error that it was refused with. */
export async function refusedClient({ url }: Pick<Service, 'url'>, path: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`);
  const [, response] = await once(socket, 'unexpected-response');
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return {
    status: Number(response.statusCode),
    error: JSON.parse(body).error as string,
    headers: response.headers,
  };
}
