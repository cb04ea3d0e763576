import http from 'node:http';
import https from 'node:https';

export type PushOutcome =
  { readonly acknowledged: true } | { readonly acknowledged: false; readonly reason: string };

/** https://cloud.google.com/pubsub/docs/push#receive_push */
const acknowledging = new Set([102, 200, 201, 202, 204]);

/** Posts pushes and keeps connections open between them. */
export interface Poster {
  /** Resolves with what the endpoint made of it; never rejects. `signal` gives the delivery up. */
  post(
    endpoint: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<PushOutcome>;
  close(): void;
}

export function createPoster(): Poster {
  // node:http and not fetch: fetch gives up after 300 s of its own, an acknowledgement may take 600 s.
  const agents = {
    'http:': new http.Agent({ keepAlive: true }),
    'https:': new https.Agent({ keepAlive: true }),
  };
  const attempt = (
    url: URL,
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    mayRepeat: boolean,
  ): Promise<PushOutcome> =>
    new Promise((resolve) => {
      const isHttps = url.protocol === 'https:';
      const request = (isHttps ? https : http).request(url, {
        method: 'POST',
        agent: agents[isHttps ? 'https:' : 'http:'],
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal,
      });
      const settle = (status: number): void => {
        resolve(
          acknowledging.has(status)
            ? { acknowledged: true }
            : { acknowledged: false, reason: `HTTP status ${status}` },
        );
      };
      request.once('information', ({ statusCode }) => {
        if (statusCode === 102) settle(statusCode);
      });
      request.once('response', (response) => {
        response.resume();
        settle(response.statusCode ?? 0);
      });
      request.once('error', (error: NodeJS.ErrnoException) => {
        // The endpoint closed an idle connection just as it was taken up again: no failure of the endpoint.
        if (mayRepeat && request.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted) {
          resolve(attempt(url, body, headers, signal, false));
        } else {
          resolve({ acknowledged: false, reason: error.code ?? error.message });
        }
      });
      request.end(body);
    });
  return {
    post: (endpoint, body, headers, signal) => attempt(new URL(endpoint), body, headers, signal, true),
    close() {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  };
}
