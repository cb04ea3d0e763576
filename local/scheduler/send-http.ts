import http from 'node:http';
import https from 'node:https';
import type { HttpTarget } from './job.ts';

/**
 * Sends the request of a job and resolves with the status that was answered. Rejects when there is no answer.
 * node:http and not fetch, which gives up after 300 s of its own; an attempt may take half an hour.
 */
export function sendHttp(
  { uri, httpMethod = 'POST', body }: HttpTarget,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number> {
  const content = Buffer.from(body ?? '', 'base64');
  return new Promise((resolve, reject) => {
    const request = (uri.startsWith('https:') ? https : http).request(uri, {
      method: httpMethod,
      headers: { ...headers, ...(content.length > 0 ? { 'content-length': content.length } : {}) },
      signal,
    });
    request.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once('error', reject);
    request.end(content.length > 0 ? content : undefined);
  });
}
